// Globs and expressions of site rules against jobs.
#include "analysis/equivalence/SiteRules.h"

namespace hoist::equivalence {
namespace {

/// A glob; a pattern that is none matches itself only. Nothing: matches everything. A GlobPattern
/// keeps pointing into its text, so the rule's own is used; only the one of a pattern that is none
/// is kept in `literals`.
std::optional<llvm::GlobPattern> compiled(std::string const& pattern,
                                          std::deque<std::string>& literals) {
    if (pattern.empty())
        return std::nullopt;
    auto glob = llvm::GlobPattern::create(pattern);
    if (glob)
        return *glob;
    llvm::consumeError(glob.takeError());
    std::string& literal = literals.emplace_back();
    for (char c : pattern)
        literal += (llvm::StringRef("*?[]{}\\").contains(c) ? "\\" : "") + std::string(1, c);
    auto escaped = llvm::GlobPattern::create(literal);
    if (escaped)
        return *escaped;
    llvm::consumeError(escaped.takeError());
    return std::nullopt;
}

llvm::StringRef typeOf(ir::Job const& job) {
    struct Names {
        llvm::StringRef operator()(ir::CommandAction const&) const { return "command"; }
        llvm::StringRef operator()(ir::FileWatchAction const&) const { return "file watcher"; }
        llvm::StringRef operator()(ir::QueryAction const& action) const { return action.kind; }
        llvm::StringRef operator()(ir::TransferAction const& action) const { return action.kind; }
        llvm::StringRef operator()(ir::OpaqueAction const& action) const { return action.kind; }
        llvm::StringRef operator()(ir::ScriptAction const&) const { return "script"; }
        llvm::StringRef operator()(ir::NoAction const&) const { return "dummy"; }
        llvm::StringRef operator()(ir::GroupAction const&) const { return "box"; }
    };
    return std::visit(Names{}, job.action);
}

} // namespace

SiteRules::SiteRules(ir::Settings const& settings) {
    for (ir::SiteRule const& rule : settings.rules) {
        Matcher& matcher = matchers.emplace_back();
        matcher.rule = &rule;
        matcher.machine = compiled(rule.machine, literals);
        matcher.owner = compiled(rule.owner, literals);
        matcher.jobType = compiled(rule.jobType, literals);
        matcher.job = compiled(rule.job, literals);
        if (!rule.command.empty())
            matcher.command = std::make_shared<llvm::Regex>(rule.command);
    }
}

bool SiteRules::matches(Matcher const& matcher, ir::Job const& job) {
    if (matcher.machine) {
        bool const any = job.machines->empty() && !job.machines
                             ? matcher.machine->match("")
                             : std::any_of(job.machines->begin(), job.machines->end(),
                                           [&](auto name) { return matcher.machine->match(name); });
        if (!any)
            return false;
    }
    if ((matcher.owner && !matcher.owner->match(job.owner.value)) ||
        (matcher.jobType && !matcher.jobType->match(typeOf(job))) ||
        (matcher.job && !matcher.job->match(job.name)))
        return false;
    if (!matcher.command)
        return true;
    auto const* action = std::get_if<ir::CommandAction>(&job.action);
    return action && matcher.command->match(action->command.value);
}

Placement SiteRules::of(ir::Job const& job) const {
    Placement placement;
    for (size_t i = 0; i < matchers.size(); ++i) {
        ir::SiteRule const& rule = *matchers[i].rule;
        if (!matches(matchers[i], job))
            continue;
        auto const take = [&](Decided<std::string>& to, std::string const& from) {
            if (!from.empty())
                to = {from, i + 1};
        };
        take(placement.executor, rule.executor);
        take(placement.connection, rule.connection);
        take(placement.pool, rule.pool);
        take(placement.queue, rule.queue);
        take(placement.operatorClass, rule.operatorClass);
        if (!rule.operatorClass.empty())
            placement.arguments = rule.arguments;
        if (rule.retries >= 0)
            placement.retries = {rule.retries, i + 1};
    }
    return placement;
}

} // namespace hoist::equivalence
