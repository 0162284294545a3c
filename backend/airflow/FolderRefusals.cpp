// What of a folder has no exact form in Airflow: told before anything is written, construct by
// construct, so that one look shows all that is in the way.
#include "analysis/schedule/BusinessDay.h"
#include "backend/airflow/LowerFolder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSet.h>

#include <fmt/core.h>

namespace hoist::airflow {

using ir::JobId;

static char const* const endsName = "`..` ends a name and leaves a dot";

void FolderLowering::refuse(JobId id, Span where, ir::ConstructId construct,
                            std::string const& what, llvm::StringRef why, std::string const& help) {
    ir::Job const& job = estate.jobs[id];
    isRefused = true;
    auto finding = context.diags.report<diag::Code::DialectNotTranslated>(
        where.isValid() ? where : job.nameSpan, job.name, fmt::format("`{}`", plainLine(what)));
    finding.object(job.name).evidence(what).note(why.str());
    if (!help.empty())
        finding.help(help);
    if (construct)
        estate.constructs.settle(construct, diag::Fidelity::refused, "no exact form");
}

bool FolderLowering::isMapped(JobId id) const {
    return !estate.settings.rules.empty() && !estate.isGroup(id) &&
           !context.site.placementOf(estate, id).operatorClass.empty();
}

void FolderLowering::fail(JobId id, Span where, ir::ConstructId construct, std::string const& what,
                          llvm::StringRef why, std::string const& help) {
    if (estate.isGroup(id))
        return refuse(id, where, construct, what, why, help);
    failing[id.value].push_back({where, construct, what, why.str(), help});
}

bool FolderLowering::check() {
    checkFolder();
    for (JobId id : workflow.jobs)
        checkEntity(id);
    return !isRefused;
}

void FolderLowering::checkFolder() {
    JobId const root = workflow.root;
    ir::OrderPolicy const& policy = policyOf(root);
    if (policy.isMainframe)
        refuse(root, {}, {}, "PLATFORM", "some rules of z/OS differ");
    if (policy.method == ir::OrderPolicy::Method::userDaily) {
        auto const no = [&](char const* why, std::string const& help = {}) {
            refuse(root, estate.constructs.span(policy.userDaily.from), policy.userDaily.from,
                   fmt::format("FOLDER_ORDER_METHOD {}", std::string_view(*policy.userDaily)), why,
                   help);
        };
        if (!schedule::orderedAt(estate.settings, policy))
            no("nobody says here when that User Daily runs (CTM-006)",
               fmt::format("say it in hoist.toml: [controlm.user_dailies] \"{}\" = \"18:00\"",
                           plainLine(*policy.userDaily)));
        else if (llvm::any_of(orderedByNewDay(),
                              [&](JobId id) { return policyOf(id).retro.value; }))
            no("whether it makes up for days on which a User Daily did not run, nobody says "
               "(CTM-006, CTM-047)");
    }
    bool const isManual = policy.method == ir::OrderPolicy::Method::manual;
    if (llvm::all_of(workflow.jobs, [&](JobId id) { return estate.isGroup(id); }))
        refuse(root, {}, {}, "an empty folder", "there is nothing to run");
    if (orderFacts.hasUnnamedServer()) {
        char const* const why = "other folders name their server, this one does not: nobody knows "
                                "whose conditions it reads and changes";
        for (JobId id : workflow.jobs) {
            ir::Job const& job = estate.jobs[id];
            for (ir::AtomUse const& use : job.condition.uses)
                if (estate.conditions[use.atom].instance.empty())
                    return refuse(id, use.span, use.construct, "DATACENTER", why);
            for (ir::FactChange const& change : job.factChanges)
                if (change.server.empty())
                    return refuse(id, change.span, change.construct, "DATACENTER", why);
        }
    }
    for (JobId id : workflow.jobs) {
        ir::Job const& job = estate.jobs[id];
        ir::Ordering const& ordering = estate.orderings[job.ordering];
        bool const isNeeded = !estate.isContainer(id) &&
                              !(isManual && !ordering.own.hasDays() && ordering.included.empty());
        if (isNeeded && !ordering.unknownDays.empty())
            refuse(id, ordering.unknownAt, {}, "order dates", ordering.unknownDays);
        auto const unique = [&](ir::CalendarId calendar) {
            if (calendar && orderFacts.isAmbiguous(calendar))
                refuse(
                    id, {}, {},
                    fmt::format("calendar {}", std::string_view(estate.calendars[calendar].name)),
                    "several calendars have this name");
        };
        auto const all = [&](ir::OrderRule const& rule) {
            unique(rule.dayDays);
            unique(rule.weekDays);
            unique(rule.confirmedDays);
        };
        all(ordering.own);
        for (ir::OrderRule const& rule : ordering.included)
            all(rule);
        for (ir::OrderRule const& rule : ordering.excluded)
            all(rule);
    }
}

void FolderLowering::checkEntity(JobId id) {
    ir::Job const& job = estate.jobs[id];
    ir::OrderPolicy const& policy = policyOf(id);
    auto const spanOf = [&](auto const& sourced) { return estate.constructs.span(sourced.from); };
    auto const unless = [&](auto const& sourced, bool isFine, char const* what, char const* why) {
        if (sourced && !isFine)
            refuse(id, spanOf(sourced), sourced.from, what, why);
    };
    // The folder decides how long its members stay (CTM-005).
    unless(policy.timezone,
           !job.box || estate.isContainer(job.box) || ownZone(id) == ownZone(job.box), "TIMEZONE",
           "a zone other than its folder's is not lowered yet (CTM-055)");
    if (isLost(id) && isEarly())
        refuse(id, spanOf(policy.retro), policy.retro.from, "RETRO",
               "others of its folder have it, and some are ordered a day ahead: which New Day it "
               "missed then is not lowered yet (CTM-047, CTM-055)");
    unless(policy.endsFolder, !*policy.endsFolder || (!job.group && !isPlainMember(id)),
           "END_FOLDER", "it speaks of jobs in SMART folders (CTM-091)");
    // What waits in one when New Day comes, while this job still runs, ends with it then.
    bool const hasInner = policy.endsFolder.value && job.box && !isPlainMember(id) &&
                          llvm::any_of(estate.groups[estate.jobs[job.box].group].members,
                                       [&](JobId member) { return estate.isGroup(member); });
    unless(policy.endsFolder, !*policy.endsFolder || !hasInner, "END_FOLDER",
           "in a folder that holds sub-folders it is not lowered yet (CTM-091)");
    unless(policy.endsFolder, !*policy.endsFolder || !policy.isCyclic, "END_FOLDER",
           "which end of a cyclic job ends the folder, nobody says (CTM-091)");
    checkRepetition(id);
    EndRules const rules = endRulesOf(id);
    // Airflow would end the folder only after the time that it waits before the next attempt.
    if (rules.reruns && policy.interval.value > 0 && llvm::any_of(enders, [&](JobId other) {
            return estate.isInside(id, estate.jobs[other].box);
        }))
        refuse(id, spanOf(policy.interval), policy.interval.from, "INTERVAL",
               "a rerun that waits while its folder is ended (END_FOLDER) is not lowered yet "
               "(CTM-091)");
    if (policy.adjust != ir::OrderPolicy::Adjust::none && estate.isContainer(id))
        refuse(id, estate.constructs.span(policy.adjustFrom), policy.adjustFrom, "ADJUST_COND",
               "it speaks of members of SMART folders (CTM-092)");
    // As a dummy it takes no units; a slot of a pool it would wait for.
    if (isFilled(id))
        for (OrderUnit const& unit : unitsOf(estate, job))
            refuse(id, unit.span, unit.construct, unit.what,
                   "beside `ADJUST_COND=\"D\"`, which orders it on days on which it needs none, it "
                   "is not lowered yet");
    checkRules(id, rules);
    checkFacts(id);
    checkForcedOrders(id);
    if (estate.isContainer(id) && (job.condition || !job.factChanges.empty()))
        refuse(id, job.nameSpan, {}, "INCOND", "a plain folder has no conditions (CTM-094)");
    bool const isForeign = hasNoForm(job) || isMapped(id);
    if (!isForeign) // else they are its parameters, or nobody resolves them
        checkVariables(id);
    if (!job.group && !isForeign) {
        checkAction(id);
        checkPlace(id);
    }
    checkUnits(id);
    checkSettings(id, rules); // behind what stops the job alone
}

/// CTM-070
void FolderLowering::checkRules(JobId id, EndRules const& rules) {
    if (!rules.problem.empty())
        return refuse(id, rules.problemAt, rules.problemOf, rules.problem, rules.problemWhy);
    bool const decide = !rules.exitRule.empty() || rules.areListed;
    auto const& policy = policyOf(id);
    if (decide && isMapped(id))
        refuse(id, policy.rules.front().span, policy.rules.front().construct, "ON",
               "an operator of the site has no exit codes that rules could ask about (CTM-070)");
    if (!estate.isGroup(id))
        return;
    for (ir::EndRule const& rule : policy.rules) {
        auto const no = [&](char const* why) { refuse(id, rule.span, rule.construct, "ON", why); };
        if (decide && estate.isContainer(id))
            return no("a plain folder has no status that a rule could turn (CTM-094)");
        if (decide && rule.round() < 3)
            return no("a folder has neither an exit code nor an output (CTM-091)");
        if (rule.does(ir::EndAction::Kind::rerun))
            return no("a folder that runs again is not lowered yet (CTM-067)");
    }
}

void FolderLowering::checkFacts(JobId id) {
    ir::Job const& job = estate.jobs[id];
    auto const hasVariable = [&](llvm::StringRef name, Span where, ir::ConstructId construct) {
        if (name.contains("%%"))
            refuse(id, where, construct, plainLine(name),
                   "whether a variable in the name of a condition is resolved, and when, nobody "
                   "says (CTM-104)");
    };
    auto const literal = [&](ir::Scope const& date, Span where, ir::ConstructId construct) {
        if (date.kind == ir::Scope::Kind::literalDate)
            refuse(id, where, construct, fmt::format("ODATE {:04}", date.offset),
                   "whether that is month and day or day and month, nobody says (CTM-011)");
    };
    for (ir::AtomUse const& use : job.condition.uses) {
        hasVariable(estate.conditions[use.atom].name, use.span, use.construct);
        literal(estate.conditions[use.atom].scope, use.span, use.construct);
    }
    for (ir::FactChange const& change : job.factChanges) {
        hasVariable(change.name, change.span, change.construct);
        literal(change.date, change.span, change.construct);
    }
}

/// A job of a SMART folder that a rule orders stands in no folder then (CTM-077).
char const* FolderLowering::whyNotAlone(llvm::ArrayRef<JobId> targets) const {
    for (JobId const target : targets) {
        if (!estate.jobs[target].box || isPlainMember(target))
            continue;
        if (estate.isGroup(target))
            return "a sub-folder is not ordered by itself (CTM-077)";
        if (targets.size() > 1)
            return "several jobs of its SMART folder have this name";
        ir::OrderPolicy const& own = policyOf(target);
        for (JobId at = estate.jobs[target].box; at; at = estate.jobs[at].box) {
            ir::OrderPolicy const& around = policyOf(at);
            if (!around.variables.empty())
                return "it is ordered alone then, without the variables of its SMART folder, which "
                       "its task has: not lowered yet (CTM-077, CTM-093)";
            if (around.timezone && !own.timezone)
                return "it is ordered alone then, without the TIMEZONE of its SMART folder: not "
                       "lowered yet (CTM-077, CTM-055)";
        }
        std::vector<llvm::StringRef> texts = ir::submittedTexts(estate.jobs[target]);
        for (ir::OrderVariable const& variable : own.variables) {
            texts.push_back(variable.name);
            texts.push_back(variable.value);
        }
        forEachSetByRule(target, [&](ir::EndAction const& action) {
            texts.push_back(action.name);
            texts.push_back(action.text);
        });
        if (llvm::any_of(texts, [](llvm::StringRef text) { return text.contains("\\\\"); }))
            return "it is ordered alone then, and speaks of variables of its SMART folder: not "
                   "lowered yet (CTM-077, CTM-093)";
    }
    return nullptr;
}

/// CTM-077
void FolderLowering::checkForcedOrders(JobId id) {
    ir::forEachForced(estate, estate.jobs[id], [&](ir::EndAction const& action) {
        std::string const path = ir::forcedPath(action);
        auto const no = [&](char const* why) {
            refuse(id, action.span, action.construct, "DOFORCEJOB " + plainLine(path), why);
        };
        auto const targets = orderFacts.forcedOrders().targetsOf(path);
        if (targets.empty())
            no("it is not in these definitions");
        else if (action.date.kind == ir::Scope::Kind::literalDate)
            no("whether its ODATE is month and day or day and month, nobody says (CTM-011)");
        else if (char const* const why = whyNotAlone(targets))
            no(why);
    });
}

/// Where and as whom it runs.
void FolderLowering::checkPlace(JobId id) {
    ir::Job const& job = estate.jobs[id];
    auto const check = [&](char const* key, llvm::StringRef value, ir::ConstructId from) {
        if (value.contains("%%"))
            fail(id, estate.constructs.span(from), from,
                 fmt::format("{} {}", key, plainLine(value)),
                 "variables are resolved in what a job executes, and not here (CTM-104)");
    };
    if (job.machines && !job.machines->empty())
        check("NODEID", job.machines->front(), job.machines.from);
    if (job.owner)
        check("RUN_AS", *job.owner, job.owner.from);
}

void FolderLowering::checkAction(JobId id) {
    ir::Job const& job = estate.jobs[id];
    if (auto const* command = std::get_if<ir::CommandAction>(&job.action))
        checkText(id, *command->command, estate.constructs.span(command->command.from),
                  command->command.from, endsName);
    else if (auto const* script = std::get_if<ir::ScriptAction>(&job.action))
        checkScript(id, *script);
    else if (auto const* watch = std::get_if<ir::FileWatchAction>(&job.action))
        checkWatcher(id, *watch);
    else if (auto const* query = std::get_if<ir::QueryAction>(&job.action))
        checkQuery(id, *query);
}

void FolderLowering::checkScript(JobId id, ir::ScriptAction const& script) {
    auto const text = [&](ir::Sourced<llvm::StringRef> const& value) {
        checkText(id, *value, estate.constructs.span(value.from), value.from, endsName);
    };
    auto const at = [&](auto const& sourced, char const* what, char const* why,
                        char const* help = "") {
        fail(id, estate.constructs.span(sourced.from), sourced.from, what, why, help);
    };
    if (script.text) {
        if (!script.arguments.empty())
            at(script.text, "INSTREAM_JCL", "it has parameters, which a command line has not");
        else if (script.text->starts_with("#!") && shellOf(*script.text).empty())
            at(script.text, "INSTREAM_JCL", "its first line names a program that is no shell");
        return text(script.text);
    }
    if (!script.folder || script.folder->empty())
        at(script.file, "MEMNAME", "without MEMLIB nobody says where the script lies",
           "say it in hoist.toml: [[rule]] job_type = \"script\" operator = "
           "\"airflow.providers.standard.operators.bash.BashOperator\" arguments = { "
           "bash_command = \"/opt/scripts/{command}\" }");
    else if (script.folder->contains('\\') || script.file->contains('\\'))
        at(script.file, "MEMLIB", "scripts on Windows are not lowered yet");
    if (script.folder)
        text(script.folder);
    text(script.file);
    for (auto const& argument : script.arguments)
        text(argument);
}

void FolderLowering::checkUnits(JobId id) {
    std::vector<OrderUnit> const units = unitsOf(estate, estate.jobs[id]);
    llvm::StringSet<> seen;
    for (OrderUnit const& unit : units) {
        auto const no = [&](char const* why, std::string const& help = {}) {
            refuse(id, unit.span, unit.construct, unit.what, why, help);
        };
        std::optional<int64_t> const total = orderUnits.total(unit);
        if (!total)
            no("the export does not say how many there are (CTM-080)",
               fmt::format("say it in hoist.toml: [controlm.resources] \"{}\" = N",
                           plainLine(llvm::StringRef(unit.what).split(' ').second)));
        else if (unit.free == 'N')
            no("after OK it is gone for good, and here it comes back (CTM-080)");
        else if (estate.isContainer(id))
            no("a plain folder has no resources (CTM-094)");
        else if (estate.jobs[id].group && id != workflow.root)
            no("how long a sub-folder has it that does not end, is not lowered yet (CTM-091)");
        else if (unit.free == 'Y' && id != workflow.root && !isPlainMember(id))
            no("a job that fails keeps it as long as its folder stays, which is not lowered yet "
               "(CTM-080, CTM-081)");
        else if (unit.free == 'Y' && policyOf(id).keepNotOk)
            no("beside a number of days that the folder stays after NOTOK it is not lowered yet");
        else if (unit.free == 'Y' && policyOf(id).isCyclic)
            no("whether a cycle keeps it between its runs, nobody says (CTM-080, CTM-081)");
        else if (unit.quantity > *total)
            no("there are not so many: it would never run");
        else if (!seen.insert(unit.name).second)
            no("it is named twice");
        else if (orderUnits.inLedger(unit) &&
                 llvm::StringRef(unit.name).find_first_of("(),") != llvm::StringRef::npos)
            no("its name has a letter that ends a name in a claim");
    }
}

} // namespace hoist::airflow
