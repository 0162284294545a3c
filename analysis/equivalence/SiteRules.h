// What the site's rules in hoist.toml decide about a job, and which rule it was. Read from the
// settings anew, not from the emitter: verify must not inherit its mistakes.
#pragma once

#include "frontend/ir/Estate.h"

#include <llvm/Support/GlobPattern.h>
#include <llvm/Support/Regex.h>

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace hoist::equivalence {

/// A value that a rule decided; `rule` counts from 1, 0: no rule says anything.
template <class T>
struct Decided {
    T value{};
    size_t rule = 0;
    explicit operator bool() const { return rule != 0; }
};

struct Placement {
    Decided<std::string> executor, connection, pool, queue, operatorClass;
    Decided<int> retries;
    std::map<std::string, std::string> arguments; ///< of operatorClass
};

class SiteRules {
public:
    explicit SiteRules(ir::Settings const& settings);
    /// Of several matching rules the last one decides.
    Placement of(ir::Job const& job) const;

private:
    struct Matcher {
        ir::SiteRule const* rule;
        std::optional<llvm::GlobPattern> machine, owner, jobType, job;
        std::shared_ptr<llvm::Regex> command;
    };
    static bool matches(Matcher const& matcher, ir::Job const& job);
    std::vector<Matcher> matchers;
    std::deque<std::string> literals; ///< texts that globs point into
};

} // namespace hoist::equivalence
