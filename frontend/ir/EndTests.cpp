// What a rule asks about an end, in the words of the shims (docs/runtime.md): written by the
// lowering, read back by the verifier.
#include "frontend/ir/Orders.h"

#include <llvm/ADT/STLExtras.h>
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

/// Whether a part of a line is enough has changed from release to release, so both ends must say
/// that it is; of a letter that is several bytes `?` may mean the first one only.
llvm::StringRef whyUnsure(EndTest const& test) {
    if (test.kind == Kind::notSubmitted)
        return "whether it was submitted has no form in Airflow: a task that cannot start is "
               "NOTOK (CTM-072)";
    if (test.kind == Kind::noOutput)
        return "the output of a task is always there (CTM-072)";
    if (test.kind != Kind::output)
        return {};
    if (!test.text.starts_with("*") || !test.text.ends_with("*"))
        return "whether a part of a line is enough differs from release to release: begin and end "
               "it with `*` (CTM-072)";
    bool const isPlain = llvm::all_of(test.text, [](char c) { return llvm::isPrint(c); });
    return isPlain ? "" : "letters beyond ASCII in a pattern are not lowered yet (CTM-072)";
}

} // namespace hoist::ir
