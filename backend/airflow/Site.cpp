// Matching site rules.
#include "backend/airflow/Site.h"

namespace hoist::airflow {

/// A glob refers to the text it was made of; one that hoist had to escape lives in `escaped`.
static std::optional<llvm::GlobPattern> globOf(std::string const& pattern,
                                               std::deque<std::string>& escaped) {
    if (pattern.empty())
        return std::nullopt;
    auto glob = llvm::GlobPattern::create(pattern);
    if (glob)
        return *glob;
    llvm::consumeError(glob.takeError());
    // A pattern that is no glob is meant literally: escape what it holds.
    std::string& literal = escaped.emplace_back();
    for (char c : pattern) {
        if (llvm::StringRef("*?[]{}\\").contains(c))
            literal += '\\';
        literal += c;
    }
    auto exact = llvm::GlobPattern::create(literal);
    if (exact)
        return *exact;
    llvm::consumeError(exact.takeError());
    return std::nullopt;
}

Site::Site(ir::Settings const& settings) {
    for (ir::SiteRule const& rule : settings.rules) {
        Matcher& m = matchers.emplace_back();
        m.rule = &rule;
        m.machine = globOf(rule.machine, escaped);
        m.owner = globOf(rule.owner, escaped);
        m.jobType = globOf(rule.jobType, escaped);
        m.job = globOf(rule.job, escaped);
        if (!rule.command.empty())
            m.command.emplace(rule.command);
    }
}

llvm::StringRef pluginOf(ir::Job const& job) {
    if (auto const* opaque = std::get_if<ir::OpaqueAction>(&job.action))
        return opaque->kind;
    if (auto const* query = std::get_if<ir::QueryAction>(&job.action))
        return query->kind;
    if (auto const* transfer = std::get_if<ir::TransferAction>(&job.action))
        return transfer->kind;
    return {};
}

std::string jobTypeName(ir::Job const& job) {
    if (std::holds_alternative<ir::CommandAction>(job.action))
        return "command";
    if (std::holds_alternative<ir::FileWatchAction>(job.action))
        return "file watcher";
    if (llvm::StringRef const kind = pluginOf(job); !kind.empty())
        return kind.str();
    if (std::holds_alternative<ir::ScriptAction>(job.action))
        return "script";
    if (std::holds_alternative<ir::NoAction>(job.action))
        return "dummy";
    return "box";
}

std::map<std::string, std::string> siteArguments(ir::Job const& job, Placement const& placement,
                                                 llvm::StringRef command) {
    llvm::StringRef const machine =
        job.machines && !job.machines->empty() ? job.machines->front() : llvm::StringRef();
    std::map<std::string, std::string> filled;
    for (auto const& [key, pattern] : placement.arguments) {
        std::string& value = filled[key];
        for (size_t at = 0; at < pattern.size();) {
            llvm::StringRef const rest = llvm::StringRef(pattern).substr(at);
            auto const fill = [&](llvm::StringRef hole, llvm::StringRef with) {
                if (!rest.starts_with(hole))
                    return false;
                value += with;
                at += hole.size();
                return true;
            };
            if (fill("{command}", command) || fill("{job}", job.name) ||
                fill("{machine}", machine) || fill("{owner}", job.owner.value))
                continue;
            value += pattern[at++];
        }
    }
    return filled;
}

Placement Site::placementOf(ir::Estate const& estate, ir::JobId id) {
    Placement placement;
    ir::Job const& job = estate.jobs[id];
    std::string const type = jobTypeName(job);
    auto const* command = std::get_if<ir::CommandAction>(&job.action);
    for (Matcher& m : matchers) {
        if (m.machine) {
            bool any = !job.machines && m.machine->match("");
            for (llvm::StringRef machine : job.machines.value)
                any |= m.machine->match(machine);
            if (!any)
                continue;
        }
        if (m.owner && !m.owner->match(job.owner.value))
            continue;
        if (m.jobType && !m.jobType->match(type))
            continue;
        if (m.job && !m.job->match(job.name))
            continue;
        if (m.command && !(command && m.command->match(command->command.value)))
            continue;
        m.isUsed = true;
        ir::SiteRule const& rule = *m.rule;
        auto const take = [](std::string& to, std::string const& from) {
            if (!from.empty())
                to = from;
        };
        take(placement.executor, rule.executor);
        take(placement.connection, rule.connection);
        take(placement.pool, rule.pool);
        take(placement.queue, rule.queue);
        if (!rule.operatorClass.empty()) {
            placement.operatorClass = rule.operatorClass;
            placement.arguments = rule.arguments;
        }
        placement.tags.insert(placement.tags.end(), rule.tags.begin(), rule.tags.end());
        if (rule.retries >= 0)
            placement.retries = rule.retries;
    }
    return placement;
}

std::vector<size_t> Site::unusedRules() const {
    std::vector<size_t> unused;
    for (size_t i = 0; i < matchers.size(); ++i)
        if (!matchers[i].isUsed)
            unused.push_back(i);
    return unused;
}

} // namespace hoist::airflow
