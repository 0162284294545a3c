// What a rule asks about an end, in the words of the shims (docs/runtime.md): written by the
// lowering, read back by the verifier.
#include "frontend/ir/Orders.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/core.h>

namespace hoist::ir {

using Kind = EndTest::Kind;

static constexpr std::pair<llvm::StringLiteral, Kind> plain[] = {
    {"any", Kind::any}, {"ok", Kind::ok}, {"notok", Kind::notOk}};
static constexpr std::pair<llvm::StringLiteral, Kind> numbered[] = {{"code", Kind::exitCode},
                                                                    {"runs", Kind::runs},
                                                                    {"reruns", Kind::reruns},
                                                                    {"failures", Kind::failures}};

std::string toText(EndTest const& test) {
    if (test.kind == Kind::output)
        return "output " + test.text.str();
    for (auto const& [word, kind] : plain)
        if (kind == test.kind)
            return word.str();
    for (auto const& [word, kind] : numbered) {
        if (kind != test.kind)
            continue;
        if (test.relation != EndTest::Relation::compared)
            return fmt::format("{} {}", word.str(),
                               test.relation == EndTest::Relation::even ? "even" : "odd");
        return fmt::format("{} {} {}", word.str(), toString(test.op).str(), test.number);
    }
    return {};
}

std::optional<EndTest> parseEndTest(llvm::StringRef text) {
    EndTest test;
    for (auto const& [word, kind] : plain)
        if (text == word) {
            test.kind = kind;
            return test;
        }
    if (text.consume_front("output ")) {
        test.kind = Kind::output;
        test.text = text;
        return text.empty() ? std::optional<EndTest>() : test;
    }
    auto const [subject, rest] = text.split(' ');
    for (auto const& [word, kind] : numbered) {
        if (subject != word)
            continue;
        test.kind = kind;
        if (rest == "even" || rest == "odd") {
            test.relation = rest == "even" ? EndTest::Relation::even : EndTest::Relation::odd;
            return test;
        }
        auto const [sign, number] = rest.split(' ');
        for (Compare const op : {Compare::equal, Compare::notEqual, Compare::less, Compare::greater,
                                 Compare::lessEqual, Compare::greaterEqual})
            if (sign == toString(op) && !number.getAsInteger(10, test.number)) {
                test.op = op;
                return test;
            }
    }
    return std::nullopt;
}

} // namespace hoist::ir
