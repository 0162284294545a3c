// Where and how jobs run at this site: the rules of hoist.toml applied to a job.
#pragma once

#include "frontend/ir/Estate.h"

#include <llvm/Support/GlobPattern.h>
#include <llvm/Support/Regex.h>

#include <deque>
#include <optional>
#include <vector>

namespace hoist::airflow {

/// What the matching rules say together; a later rule overrides an earlier one, tags add up.
struct Placement {
    std::string executor, connection, pool, queue, operatorClass;
    std::vector<std::string> tags;
    std::map<std::string, std::string> arguments;
    int retries = -1;
};

class Site {
public:
    explicit Site(ir::Settings const& settings);
    Placement placementOf(ir::Estate const& estate, ir::JobId job);
    /// Indices of rules that never matched.
    std::vector<size_t> unusedRules() const;

private:
    struct Matcher {
        ir::SiteRule const* rule;
        std::optional<llvm::GlobPattern> machine, owner, jobType, job;
        std::optional<llvm::Regex> command;
        bool isUsed = false;
    };
    std::deque<std::string> escaped; ///< patterns that are no globs, as globs
    std::vector<Matcher> matchers;
};

/// The arguments of the site's operator, `{command}`, `{job}`, `{machine}` and `{owner}` filled in.
std::map<std::string, std::string> siteArguments(ir::Job const& job, Placement const& placement,
                                                 llvm::StringRef command);

/// The adapter that runs it, as its definition names it; empty: none does.
llvm::StringRef pluginOf(ir::Job const& job);

/// The job type in the words of site rules: "command", "file watcher", "box", or the adapter's
/// name.
std::string jobTypeName(ir::Job const& job);

} // namespace hoist::airflow
