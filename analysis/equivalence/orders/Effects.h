// What follows from one end of an entity of Control-M (CTM-070…077), as values that can be
// compared: rules that are written differently may do the same.
#pragma once

#include "analysis/semantics/orders/Rules.h"
#include "frontend/ir/Estate.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/STLFunctionalExtras.h>

#include <string>
#include <vector>

namespace hoist::equivalence {

struct Effect {
    bool isOk = false;
    bool stops = false;                         ///< its cycle
    bool reruns = false;                        ///< a rule asks for it; how often is MAXRERUN
    std::vector<ir::FactChange const*> changes; ///< in their order
    std::vector<std::string> settings;          ///< `%%NAME=value`, in their order
    std::vector<std::string> others;            ///< orders: what else changes what runs
    /// Messages in their order; of one that holds variables with how many of them were set before.
    std::vector<std::string> told;
};

/// Of which rules a message counts.
using IsTold = llvm::function_ref<bool(ir::EndTest const& test)>;

Effect effectOf(ir::Job const& job, ir::OrderPolicy const& policy, semantics::End const& end,
                IsTold isTold);

/// One end, in words.
struct TriedEnd {
    semantics::End end;
    std::string text;
};

/// Ends such that two policies that do the same at each of them do the same at all.
class TriedEnds {
public:
    TriedEnds(ir::OrderPolicy const& a, ir::OrderPolicy const& b, bool isFolder);

    std::vector<TriedEnd> const& all() const { return ends; }
    /// Not empty: what was not tried.
    std::string const& left() const { return leftOut; }

private:
    std::vector<std::string> outputs; ///< the ends point into it
    std::vector<TriedEnd> ends;
    std::string leftOut;
};

/// Exit codes such that the rules of a policy do the same for each code between two of them.
void addBorders(ir::OrderPolicy const& policy, std::vector<int64_t>& codes);

/// Outputs on which patterns of the rules can differ: without a line, with one that matches.
std::vector<std::string> outputsTried(llvm::ArrayRef<ir::OrderPolicy const*> policies);

/// Rules that ask whether it was submitted, or left an output, with what they do; in one text each.
std::vector<std::string> unplayedRules(ir::OrderPolicy const& policy, ir::Job const& job,
                                       ir::Conditions const& conditions, IsTold isTold);

/// `%%\\NAME=value`, however the definition writes the name.
std::string settingOf(llvm::StringRef name, llvm::StringRef value);
/// "+fact(NAME)", "-fact(NAME, any date)": as docs/runtime.md has them.
std::string textOf(ir::FactChange const& change, ir::Conditions const& conditions);

} // namespace hoist::equivalence
