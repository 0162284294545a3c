// Attributes that stand there and do nothing (JIL-057, 094, 116, 117, 121, 140, 152, 160, 161).
#include "analysis/Pass.h"

#include <llvm/ADT/StringSet.h>

namespace hoist::analysis {
namespace {

/// "attribute start_times" → "start_times".
llvm::StringRef attributeName(ir::Estate const& estate, ir::ConstructId id) {
    llvm::StringRef name = estate.constructs.text(estate.constructs[id].kind);
    name.consume_front("attribute ");
    return name;
}

/// Machines that a job may run on; behind a virtual machine or a pool those that it chooses from.
void forEachMachine(ir::Estate const& estate, ir::Job const& job,
                    llvm::function_ref<void(llvm::StringRef)> visit) {
    if (!job.machines)
        return;
    for (llvm::StringRef name : *job.machines) {
        visit(name);
        if (auto it = estate.machineByName.find(name); it != estate.machineByName.end())
            for (ir::Machine::Part const& part : estate.machines[it->second].parts)
                visit(part.name);
    }
}

bool waitsForLoad(ir::Job const& job) {
    return job.load && *job.load > 0 && job.priority && *job.priority > 0;
}

class AttributeChecks {
public:
    /// `contended`: machines on which some job waits for load.
    AttributeChecks(PassContext& context, ir::JobId id, llvm::StringSet<> const& contended)
        : estate(context.estate), diags(context.diags), job(context.estate.jobs[id]) {
        forEachMachine(estate, job,
                       [&](llvm::StringRef machine) { othersWait |= contended.contains(machine); });
    }

    void run() {
        deadTimes();
        for (ir::ConstructId shadowed : job.exitRule.shadowed)
            noEffect(shadowed,
                     fmt::format("`{}` decides alone (JIL-057)", shown(decidingExitRule())));
        // It would wait for nobody, but those who wait count it.
        if (job.load && *job.load > 0 && !waitsForLoad(job) && !othersWait)
            noEffect(job.load.from,
                     "load counts only for jobs with a `priority` above 0 (JIL-161)");
        if (job.group) {
            if (job.retries && *job.retries > 0)
                noEffect(job.retries.from, "a box is never retried (JIL-121)");
            for (ir::ConstructId rule : job.exitRule.from)
                noEffect(rule, "a box has no exit code");
        }
        if (!job.boxName) {
            if (job.boxTerminator && *job.boxTerminator)
                noEffect(job.boxTerminator.from, "the job is in no box (JIL-116)");
            if (job.jobTerminator && *job.jobTerminator)
                noEffect(job.jobTerminator.from, "the job is in no box (JIL-117)");
            if (job.autoHold && *job.autoHold)
                noEffect(job.autoHold.from,
                         "the job is in no box whose start could hold it (JIL-094)");
        }
        resources();
        if (job.schedule)
            mustTimes(estate.schedules[job.schedule]);
    }

private:
    void noEffect(ir::ConstructId attribute, std::string const& why) {
        llvm::StringRef const name = attributeName(estate, attribute);
        diags.report<Code::NoEffect>(estate.constructs.span(attribute), name, job.name, why)
            .object(job.name)
            .evidence(name)
            .primary("nothing changes without it");
    }

    llvm::StringRef decidingExitRule() const {
        return job.exitRule.from.empty() ? "another rule"
                                         : attributeName(estate, job.exitRule.from.front());
    }

    void deadTimes() {
        if (job.deadSchedule.empty())
            return;
        std::string names;
        for (size_t i = 0; i < job.deadSchedule.size(); ++i)
            names += fmt::format("{}`{}`",
                                 i == 0                             ? ""
                                 : i + 1 == job.deadSchedule.size() ? " and "
                                                                    : ", ",
                                 shown(attributeName(estate, job.deadSchedule[i])));
        auto builder = diags.report<Code::DeadTimes>(
            estate.constructs.span(job.deadSchedule.front()), names, job.name,
            llvm::StringRef(job.deadSchedule.size() == 1 ? "has" : "have"));
        builder.object(job.name).evidence(names).note(
            "rule JIL-140: without it every time attribute is ignored");
        for (size_t i = 1; i < job.deadSchedule.size(); ++i)
            builder.label(estate.constructs.span(job.deadSchedule[i]), "ignored as well");
        builder.help("`date_conditions: 1` switches them on; without it the job does not start by "
                     "the clock today");
    }

    void resources() {
        for (ir::ResourceUse const& use : job.resources) {
            auto it = estate.resourceByName.find(use.name);
            if (!use.freeGiven || it == estate.resourceByName.end())
                continue;
            ir::Resource const& resource = estate.resources[it->second];
            if (resource.kind == ir::Resource::Kind::renewable)
                continue;
            diags
                .report<Code::NoEffect>(
                    use.span, llvm::StringRef("FREE"), job.name,
                    fmt::format("`{}` is not renewable (JIL-160)", shown(use.name)))
                .object(job.name)
                .evidence(use.name)
                .label(resource.nameSpan, "its units are never given back");
        }
    }

    void mustTimes(ir::Schedule const& schedule) {
        for (auto const* must : {&schedule.mustStart, &schedule.mustComplete}) {
            if (!*must)
                continue;
            if (!schedule.times && !schedule.minutes) {
                noEffect(must->from, "there is no start time that it could belong to (JIL-152)");
                continue;
            }
            size_t absolute = 0;
            for (ir::ClockOrOffset const& time : **must)
                absolute += !time.isOffset;
            if (!schedule.times || absolute == 0 || absolute != (*must)->size() ||
                absolute == schedule.times->size())
                continue;
            diags
                .report<Code::MustTimesCount>(estate.constructs.span(must->from),
                                              attributeName(estate, must->from), job.name, absolute,
                                              schedule.times->size())
                .object(job.name)
                .evidence(attributeName(estate, must->from))
                .label(estate.constructs.span(schedule.times.from),
                       "one for each of these is needed (JIL-152)");
        }
    }

    ir::Estate const& estate;
    diag::Diagnostics& diags;
    ir::Job const& job;
    bool othersWait = false;
};

} // namespace

void checkAttributes(PassContext& context) {
    llvm::StringSet<> contended;
    for (ir::Job const& job : context.estate.jobs)
        if (waitsForLoad(job))
            forEachMachine(context.estate, job,
                           [&](llvm::StringRef machine) { contended.insert(machine); });
    for (ir::JobId id : context.estate.jobs.ids())
        AttributeChecks(context, id, contended).run();
}

} // namespace hoist::analysis
