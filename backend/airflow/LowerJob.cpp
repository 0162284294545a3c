// Actions and policies: the arguments of a job's own task.
#include "backend/airflow/LowerWorkflow.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>

#include <fmt/core.h>

#include <limits>

namespace hoist::airflow {

ir::Machine const* limitedMachine(ir::Estate const& estate, ir::Job const& job) {
    if (!job.machines || job.machines->size() != 1)
        return nullptr;
    auto const it = estate.machineByName.find(job.machines->front());
    if (it == estate.machineByName.end() || !estate.machines[it->second].maxLoad)
        return nullptr;
    return &estate.machines[it->second];
}

bool waitsForLoad(ir::Estate const& estate, ir::Job const& job) {
    return !job.group && job.priority && *job.priority > 0 && job.load && *job.load > 0 &&
           limitedMachine(estate, job);
}

/// Does a job run on one of several machines of which some have a limit?
static bool sharesSeveralLimits(ir::Estate const& estate, ir::Job const& job) {
    if (!job.machines)
        return false;
    auto const isLimited = [&](llvm::StringRef name) {
        auto const it = estate.machineByName.find(name);
        return it != estate.machineByName.end() && estate.machines[it->second].maxLoad;
    };
    return llvm::any_of(*job.machines, [&](llvm::StringRef name) {
        auto const it = estate.machineByName.find(name);
        bool const isLimitedPart =
            it != estate.machineByName.end() &&
            llvm::any_of(estate.machines[it->second].parts,
                         [&](ir::Machine::Part const& part) { return isLimited(part.name); });
        return isLimitedPart || (job.machines->size() > 1 && isLimited(name));
    });
}

// Airflow's column of weights is an integer of 32 bits.
constexpr int64_t lowestWeight = std::numeric_limits<int32_t>::min();

std::vector<std::string> WorkflowLowering::commentsOf(ir::Job const& job) const {
    std::string line = place(estate, job.origin);
    if (job.condition)
        line += "  condition: " + estate.sources.text(job.condition.span).str();
    return {std::move(line)};
}

/// As it is, whatever it holds: the fence is longer than any run of backticks inside.
static std::string fenced(std::string const& body) {
    size_t longest = 2, run = 0;
    for (char c : body) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    std::string const fence(longest + 1, '`');
    return fence + "\n" + body + "\n" + fence;
}

Py documentation(ir::Estate const& estate, ir::Job const& job,
                 std::vector<ir::KeptAttribute> const& also) {
    std::string body = job.name.str();
    auto const line = [&](llvm::StringRef key, llvm::StringRef value) {
        if (!value.empty())
            body += "\n" + key.str() + ": " + plainLine(value);
    };
    line("description", job.description.value);
    if (job.condition)
        line("condition", estate.sources.text(job.condition.span));
    line("application", job.application.value);
    line("group", job.label.value);
    for (auto const* some : {&job.kept, &also})
        for (ir::KeptAttribute const& kept : *some)
            line(kept.key, kept.value);
    return Py(plainLine(place(estate, job.origin)) + "\n\n" + fenced(body));
}

void documentGroups(Dag& dag, ir::Estate const& estate, ir::Workflow const& workflow,
                    KeptMessages const& messages) {
    std::string body;
    for (ir::JobId const id : workflow.jobs) {
        ir::Job const& job = estate.jobs[id];
        if (!job.group)
            continue;
        std::vector<ir::KeptAttribute> kept = job.kept;
        if (auto const it = messages.find(id.value); it != messages.end())
            kept.insert(kept.end(), it->second.begin(), it->second.end());
        if (kept.empty())
            continue;
        body += (body.empty() ? "" : "\n") + plainLine(job.name);
        for (ir::KeptAttribute const& one : kept)
            body += "\n" + one.key.str() + ": " + plainLine(one.value);
    }
    if (!body.empty())
        dag.arguments.emplace_back("doc_md", Py(fenced(body)));
}

static std::string rangesOf(std::vector<ir::CodeRange> const& codes) {
    std::string text;
    for (ir::CodeRange const& range : codes) {
        text += text.empty() ? "" : ",";
        text += range.from == range.to ? std::to_string(range.from)
                                       : fmt::format("{}-{}", range.from, range.to);
    }
    return text;
}

void WorkflowLowering::lowerCommand(ir::Job const& job, Py::Keywords& arguments) {
    auto const& action = std::get<ir::CommandAction>(job.action);
    auto const text = [&](char const* keyword, ir::Sourced<llvm::StringRef> const& value,
                          llvm::StringRef form) {
        if (!value)
            return;
        if (!value->empty())
            arguments.emplace_back(keyword, Py(*value));
        exact(value.from, form);
    };
    arguments.emplace_back("command", Py(action.command.value));
    exact(action.command.from, "command");
    // `$$` is an AutoSys global only in AutoSys (JIL-162); elsewhere it is the shell's process id.
    if (job.dialect != ir::Dialect::jil && action.command->contains("$$"))
        arguments.emplace_back("expand_globals", Py(false));
    text("stdin", action.stdinText, "stdin");
    addMachines(job, arguments);
    if (job.owner && !job.owner->empty())
        // `user@host`: the host is where the definition was made, the user is whom to run as.
        arguments.emplace_back("owner_user", Py(job.owner->substr(0, job.owner->find('@'))));
    text("profile", action.profile, "profile");
    Py::Dict environment;
    for (auto const& variable : action.environment) {
        // Later assignments win; the dict keeps the place of the first.
        auto const& [name, value] = variable.value;
        auto it = std::find_if(environment.begin(), environment.end(),
                               [&](auto const& e) { return e.first == name; });
        if (it != environment.end())
            it->second = Py(value);
        else
            environment.emplace_back(name.str(), Py(value));
        exact(variable.from, "environment");
    }
    if (!environment.empty())
        arguments.emplace_back("environment", Py(std::move(environment)));
    text("shell", action.shell, "shell");
    text("std_in_file", action.stdinFile, "std file");
    // The shims append to a file without a prefix; a site may say that such a file is emptied
    // first.
    auto const output = [&](char const* keyword, ir::Sourced<llvm::StringRef> const& file) {
        llvm::StringRef const path = file->ltrim();
        if (estate.settings.stdFilesAppend || path.empty() || path.starts_with(">")) {
            text(keyword, file, "std file");
            return;
        }
        arguments.emplace_back(keyword, Py(">" + path.str()));
        exact(file.from, "std file");
    };
    output("std_out_file", action.stdoutFile);
    output("std_err_file", action.stderrFile);
    if (action.stdoutFile || action.stderrFile)
        assume(estate.settings.stdFilesAppend ? "std-files-append" : "std-files-truncate");
    switch (job.exitRule.kind) {
    case ir::ExitRule::Kind::max:
        if (job.exitRule.max != 0)
            arguments.emplace_back("exit_rule", Py(fmt::format("max: {}", job.exitRule.max)));
        break;
    case ir::ExitRule::Kind::success:
        arguments.emplace_back("exit_rule", Py("success: " + rangesOf(job.exitRule.codes)));
        break;
    case ir::ExitRule::Kind::fail:
        arguments.emplace_back("exit_rule", Py("fail: " + rangesOf(job.exitRule.codes)));
        break;
    case ir::ExitRule::Kind::any: arguments.emplace_back("exit_rule", Py("any")); break;
    }
}

void WorkflowLowering::addMachines(ir::Job const& job, Py::Keywords& arguments) {
    if (!job.machines || job.machines->empty())
        return;
    llvm::SmallVector<llvm::StringRef, 2> real; // a virtual machine is those it names (JIL-036)
    for (llvm::StringRef name : *job.machines) {
        auto it = estate.machineByName.find(name);
        if (it != estate.machineByName.end() && !estate.machines[it->second].parts.empty())
            for (auto const& part : estate.machines[it->second].parts)
                real.push_back(part.name);
        else
            real.push_back(name);
    }
    for (llvm::StringRef name : real)
        context.machines.insert(name.str());
    if (real.size() == 1) {
        arguments.emplace_back("machine", Py(real.front()));
        return;
    }
    Py::List names;
    for (llvm::StringRef name : real)
        names.emplace_back(name);
    arguments.emplace_back("machine", Py(Py::Tuple{std::move(names)}));
}

Py::Dict WorkflowLowering::alarmsOf(ir::Job const& job, bool withTimes) {
    Py::Dict alarms;
    auto const set = [&](char const* name, auto const& value) {
        if (!value)
            return;
        alarms.emplace_back(name, Py(value.value));
        exact(value.from, "alarm");
    };
    set("max_run", job.alarms.maxRun);
    set("min_run", job.alarms.minRun);
    set("if_fail", job.alarms.ifFail);
    set("if_terminated", job.alarms.ifTerminated);
    if (withTimes && job.schedule) {
        ir::Schedule const& schedule = estate.schedules[job.schedule];
        for (auto const& [name, times] : {std::pair{"must_start", &schedule.mustStart},
                                          {"must_complete", &schedule.mustComplete}}) {
            if (!*times)
                continue;
            Py::List list;
            for (ir::ClockOrOffset const& time : **times)
                list.emplace_back(time.isOffset ? fmt::format("+{}", time.minutes)
                                                : ir::clockText(time.minutes));
            alarms.emplace_back(name, Py(std::move(list)));
            exact(times->from, "alarm");
        }
    }
    bool const notifies = job.alarms.notify && *job.alarms.notify;
    exact(job.alarms.notify.from, "alarm");
    Py::List addresses;
    for (auto const& address : job.alarms.addresses) {
        addresses.emplace_back(*address);
        exact(address.from, "alarm");
    }
    if (notifies) {
        alarms.emplace_back("notify", Py(std::move(addresses)));
        if (!job.alarms
                 .notifyFailureOnly) // `send_notification: y` tells of every end, `f` of failures
            alarms.emplace_back("notify_on", Py("completion"));
    }
    if (job.alarms.message) {
        if (notifies)
            alarms.emplace_back("message", Py(*job.alarms.message));
        exact(job.alarms.message.from, "alarm");
    }
    return alarms;
}

void WorkflowLowering::lowerResources(ir::Job const& job, Placement const& placement,
                                      Py::Keywords& arguments) {
    if (job.resources.empty()) {
        exact(job.resourcesFrom, "none");
        return;
    }
    // One renewable resource that is always freed is exactly a pool; anything else is an atomic
    // claim in the ledger (JIL-160, TR-46): kept by a failure, several at once, thresholds.
    ir::ResourceUse const& first = job.resources.front();
    auto const defined = estate.resourceByName.find(first.name);
    bool const isPool = !context.ledgerResources.contains(first.name) && placement.pool.empty() &&
                        defined != estate.resourceByName.end() &&
                        estate.resources[defined->second].kind == ir::Resource::Kind::renewable &&
                        estate.resources[defined->second].amount;
    if (isPool) {
        std::string const pool = ir::poolId(first.name);
        context.pools[pool] = *estate.resources[defined->second].amount;
        arguments.emplace_back("pool", Py(pool));
        if (first.quantity != 1)
            arguments.emplace_back("pool_slots", Py(first.quantity));
        // Whoever has waited longest is next (JIL-160); of a pool's waiters Airflow takes the one
        // of the highest weight, then of the oldest run.
        assume("pool-waiters-in-order:" + first.name.str());
    } else {
        std::string text;
        for (ir::ResourceUse const& use : job.resources) {
            text += text.empty() ? "" : " AND ";
            text += fmt::format("({}, QUANTITY={}, FREE={})", std::string_view(use.name),
                                use.quantity < 0 ? "ALL" : std::to_string(use.quantity), use.free);
        }
        arguments.emplace_back("resources", Py(text));
        if (job.priority && *job.priority > 0) // the ledger deals by arrival alone
            assume("resource-waiters-without-priority:" + job.name.str());
    }
    exact(job.resourcesFrom, isPool ? "pool" : "ledger claim");
    for (ir::ResourceUse const& use : job.resources)
        exact(use.construct, isPool ? "pool" : "ledger claim");
}

/// JIL-095: a job that waits for units or load reads its start conditions again when it leaves the
/// queue. Only what can have turned false meanwhile needs that. A site's pool is no legacy queue.
void WorkflowLowering::lowerQueue(ir::JobId id, Py::Keywords& arguments) {
    ir::Job const& job = estate.jobs[id];
    bool const queues = llvm::any_of(
        arguments, [](auto const& a) { return a.first == "pool" || a.first == "resources"; });
    if (!queues)
        return;
    ir::ExprId const when = unstablePart(id);
    ir::Expr const& expr = estate.conditions[when];
    bool const mayFall = expr.kind != ir::Expr::Kind::constant || !expr.value ||
                         (job.schedule && estate.schedules[job.schedule].window);
    if (bool const inPool =
            llvm::any_of(arguments, [](auto const& a) { return a.first == "pool"; });
        inPool && mayFall)
        // A task that defers keeps its slots, and the queue of a machine is ordered by priority,
        // which the ledger's claims are not.
        assume("load-kept-while-waiting-again:" + job.name.str());
    if (expr.kind != ir::Expr::Kind::constant || !expr.value) {
        arguments.emplace_back("when", estate.conditions.print(when));
        if (Py::List undefined = undefinedNames(when); !undefined.empty())
            arguments.emplace_back("undefined", Py(Py::Tuple{std::move(undefined)}));
    }
    if (job.schedule && estate.schedules[job.schedule].window)
        addWindow(estate.schedules[job.schedule], arguments);
}

/// JIL-161: load counts only with a positive priority on a machine with a limit.
void WorkflowLowering::lowerLoad(ir::Job const& job, Placement const& placement,
                                 Py::Keywords& arguments) {
    bool const hasLoad = job.load && *job.load > 0;
    bool const queues = job.priority && *job.priority > 0;
    ir::Machine const* const limited = limitedMachine(estate, job);
    if (!placement.pool.empty()) {
        arguments.emplace_back("pool", Py(placement.pool));
        exact(job.load.from, "none: the pool of a site rule");
    } else if (waitsForLoad(estate, job)) {
        std::string const pool = ir::poolId("machine_" + limited->name.str());
        context.pools[pool] = *limited->maxLoad;
        arguments.emplace_back("pool", Py(pool));
        if (*job.load != 1)
            arguments.emplace_back("pool_slots", Py(*job.load));
        exact(job.load.from, "pool");
    } else if (limited && hasLoad && context.limitedMachines.lookup(limited->name)) {
        context.diags
            .report<diag::Code::LoadOnlyCounted>(estate.constructs.span(job.load.from), job.name,
                                                 limited->name)
            .object(job.name);
        settle(job.load.from, diag::Fidelity::approximated, "none");
    } else if (hasLoad && queues && sharesSeveralLimits(estate, job)) {
        context.diags
            .report<diag::Code::LoadOfOneOfSeveral>(estate.constructs.span(job.load.from), job.name)
            .object(job.name);
        settle(job.load.from, diag::Fidelity::approximated, "none");
    }
    exact(job.load.from, "none: no competitor has a priority (JIL-161)");
}

void WorkflowLowering::lowerPolicies(ir::Job const& job, Placement const& placement,
                                     Py::Keywords& arguments) {
    int64_t const retries = placement.retries >= 0 ? placement.retries : job.retries.value;
    if (retries > 0) {
        arguments.emplace_back("retries", Py(retries));
        assume("intermediate-failures-hidden"); // JIL-054, pinned
    }
    exact(job.retries.from, "retries");
    if (job.termRunTime) {
        if (*job.termRunTime > 0)
            arguments.emplace_back("term_run_time", Py(*job.termRunTime));
        exact(job.termRunTime.from, "term_run_time");
    }
    lowerResources(job, placement, arguments);

    lowerLoad(job, placement, arguments);
    bool const queues = job.priority && *job.priority > 0;
    if (queues) {
        // AutoSys: low is urgent; Airflow: high is urgent.
        arguments.emplace_back("priority_weight",
                               Py(std::max(lowestWeight, 10000 - *job.priority)));
        arguments.emplace_back("weight_rule", Py("absolute"));
    }
    exact(job.priority.from, queues ? "priority_weight" : "none: runs at once");
    if (!placement.queue.empty())
        arguments.emplace_back("queue", Py(placement.queue));
    Py::Dict alarms = alarmsOf(job, true);
    if (!alarms.empty())
        arguments.emplace_back("alarms", Py(std::move(alarms)));
}

/// What is documentation in Airflow too.
void WorkflowLowering::settleText(ir::Job const& job) {
    exact(job.statement, job.group ? "box" : "task");
    exact(job.boxName.from, "box membership");
    exact(job.description.from, "description");
    exact(job.application.from, "tag");
    exact(job.label.from, "tag");
    exact(job.owner.from, job.group ? "documentation" : "owner_user");
    exact(job.boxTerminator.from, "box fold");
    exact(job.jobTerminator.from, "box fold");
    exact(job.autoHold.from, "hold");
    if (job.initialStatus && (*job.initialStatus == ir::InitialStatus::inactive ||
                              *job.initialStatus == ir::InitialStatus::onNoExec)) {
        exact(job.initialStatus.from, "status");
        exact(job.initialStatusText.from, "status");
    } else if (job.begins(ir::InitialStatus::other)) {
        context.diags
            .report<diag::Code::KeptOnly>(estate.constructs.span(job.initialStatus.from),
                                          std::string("status"), job.name)
            .object(job.name);
        settle(job.initialStatus.from, diag::Fidelity::dropped, "documentation");
        settle(job.initialStatusText.from, diag::Fidelity::dropped, "documentation");
    }
    for (ir::KeptAttribute const& inert : job.inert)
        exact(inert.construct, "documentation");
    for (ir::KeptAttribute const& kept : job.kept) {
        // A front end that knows better has settled it already (and reported it).
        if (estate.constructs[kept.construct].fate == diag::Fidelity::none) {
            context.diags
                .report<diag::Code::KeptOnly>(estate.constructs.span(kept.construct), kept.key,
                                              job.name)
                .object(job.name);
            settle(kept.construct, diag::Fidelity::dropped, "documentation");
        }
    }
}

void WorkflowLowering::lowerJob(ir::JobId id) {
    ir::Job const& job = estate.jobs[id];
    Task& task = dag.tasks[taskOf[id.value]];
    Placement const placement = context.site.placementOf(estate, id);
    tags.insert(tags.end(), placement.tags.begin(), placement.tags.end());
    Py::Keywords arguments;
    nameJob(id, task.id, arguments);
    // The box of a member is the enclosing Box, else the DAG's id: written where neither is its
    // name.
    if (job.box && job.box == workflow.root && estate.jobs[job.box].name != dag.id)
        arguments.emplace_back("box", Py(estate.jobs[job.box].name));

    exact(job.machines.from, "machine");
    if (!placement.operatorClass.empty()) {
        // The site's own operator, through the mixin that keeps the ledger.
        llvm::StringRef const name = llvm::StringRef(placement.operatorClass).rsplit('.').second;
        task.operatorClass = "legacy(" + name.str() + ")";
        if (!llvm::is_contained(dag.operatorImports, placement.operatorClass))
            dag.operatorImports.push_back(placement.operatorClass);
        llvm::StringRef command;
        if (auto const* action = std::get_if<ir::CommandAction>(&job.action)) {
            command = action->command.value;
            for (auto const* part :
                 {&action->command, &action->stdinText, &action->shell, &action->profile,
                  &action->stdinFile, &action->stdoutFile, &action->stderrFile})
                exact(part->from, "site operator");
            for (auto const& variable : action->environment)
                exact(variable.from, "site operator");
        }
        for (auto& [key, value] : siteArguments(job, placement, command))
            arguments.emplace_back(key, Py(value));
        if (auto const* opaque = std::get_if<ir::OpaqueAction>(&job.action))
            exact(opaque->from, "site operator");
    } else if (std::holds_alternative<ir::CommandAction>(job.action)) {
        lowerCommand(job, arguments);
    } else if (auto const* watch = std::get_if<ir::FileWatchAction>(&job.action)) {
        task.operatorClass = "FileWatcher";
        arguments.emplace_back("path", Py(watch->path.value));
        exact(watch->path.from, "file watcher");
        if (watch->minSize && *watch->minSize > 0)
            arguments.emplace_back("min_size", Py(*watch->minSize));
        exact(watch->minSize.from, "file watcher");
        if (watch->interval && *watch->interval != 60)
            arguments.emplace_back("interval", Py(*watch->interval));
        exact(watch->interval.from, "file watcher");
        addMachines(job, arguments);
    } else if (auto const* opaque = std::get_if<ir::OpaqueAction>(&job.action)) {
        task.operatorClass = "Opaque";
        arguments.emplace_back("kind", Py(opaque->kind));
        Py::Dict definition;
        for (ir::KeptAttribute const& kept : job.kept) {
            definition.emplace_back(kept.key.str(), Py(kept.value));
            settle(kept.construct, diag::Fidelity::refused, "opaque");
        }
        arguments.emplace_back("definition", Py(std::move(definition)));
        context.diags.report<diag::Code::ActionUnsupported>(job.nameSpan, job.name, opaque->kind)
            .object(job.name)
            .help("map it in hoist.toml: [[rule]] job = \"" + plainLine(job.name) +
                  "\" operator = \"dotted.path.Operator\"");
        settle(opaque->from, diag::Fidelity::refused, "opaque");
    }
    for (ir::ConstructId code : job.exitRule.from)
        exact(code, "exit_rule");
    for (ir::ConstructId code : job.exitRule.shadowed)
        exact(code, "none: overruled (JIL-057)");
    if (job.begins(ir::InitialStatus::onNoExec))
        arguments.emplace_back("noexec", Py(true));
    if (placement.operatorClass.empty() && !placement.executor.empty() &&
        placement.executor != "connection")
        arguments.emplace_back("via", Py(placement.executor));
    if (!placement.connection.empty())
        arguments.emplace_back("connection", Py(placement.connection));
    lowerPolicies(job, placement, arguments);
    for (auto& argument : endFacts(job))
        arguments.push_back(std::move(argument));
    if (placement.pool.empty() || !job.resources.empty())
        lowerQueue(id, arguments);
    settleText(job);
    arguments.emplace_back("doc_md", documentation(estate, job));
    task.arguments = std::move(arguments);
}

} // namespace hoist::airflow
