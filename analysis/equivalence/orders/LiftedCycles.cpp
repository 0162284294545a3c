// Cycles of the shims: `every 15m from start`, `after 30m 4h from end`, `at 08:00 10:00 tolerance
// 5m`.
#include "analysis/equivalence/orders/Lifting.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

namespace hoist::equivalence {

namespace {

/// `15m`, `4h`, `7d`.
std::optional<int32_t> lengthOf(llvm::StringRef text) {
    int32_t number = 0;
    int32_t const unit = text.ends_with("m")   ? 1
                         : text.ends_with("h") ? 60
                         : text.ends_with("d") ? 1440
                                               : 0;
    constexpr int32_t most = 1'000'000;
    if (unit == 0 || text.drop_back().getAsInteger(10, number) || number < 0 || number > most)
        return std::nullopt;
    return number * unit;
}

bool read(llvm::StringRef text, ir::Cycle& cycle) {
    llvm::SmallVector<llvm::StringRef, 8> words;
    text.split(words, ' ');
    llvm::StringRef const kind = words.front();
    bool const isTimes = kind == "at";
    cycle.kind = isTimes           ? ir::Cycle::Kind::times
                 : kind == "every" ? ir::Cycle::Kind::interval
                                   : ir::Cycle::Kind::sequence;
    if (!isTimes && kind != "every" && kind != "after")
        return false;
    size_t i = 1;
    for (; i < words.size() && words[i] != "from" && words[i] != "tolerance"; ++i) {
        auto const minutes = isTimes ? clockOf(words[i]) : lengthOf(words[i]);
        if (!minutes)
            return false;
        cycle.minutes.push_back(*minutes);
    }
    if (cycle.minutes.empty() || (i < words.size() && i + 2 != words.size()))
        return false;
    if (i == words.size())
        return isTimes;
    if (isTimes) {
        auto const late = lengthOf(words.back());
        cycle.tolerance = late.value_or(0);
        return late.has_value();
    }
    using From = ir::Cycle::From;
    cycle.from = words.back() == "end"      ? From::end
                 : words.back() == "target" ? From::target
                                            : From::start;
    return cycle.from != From::start || words.back() == "start";
}

} // namespace

void Lifting::readCycle(ir::JobId job, target::Task const& task) {
    std::string const text = textOf(task.argument("cycle"));
    if (!isOfOrder(task) || text.empty())
        return;
    ir::OrderPolicy& policy = policyOf(job);
    if (!read(text, policy.cycle))
        return unknown(fmt::format("the cycle of `{}` cannot be read", task.id));
    policy.isCyclic = true;
    if (json const& most = task.argument("max_reruns"); most.is_number_integer())
        set(policy.maxRerun, most.get<int64_t>());
    std::string const stop = textOf(task.argument("stop_on"));
    if (stop.empty())
        return;
    ir::EndRule rule;
    rule.test.kind = stop == "ok"      ? ir::EndTest::Kind::ok
                     : stop == "notok" ? ir::EndTest::Kind::notOk
                                       : ir::EndTest::Kind::any;
    rule.actions.push_back(action(ir::EndAction::Kind::stopCyclic));
    policy.rules.push_back(std::move(rule));
}

} // namespace hoist::equivalence
