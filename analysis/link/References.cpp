// References: what conditions, schedules, jobs, machines and calendars name, and what a missing
// name may have meant.
#include "analysis/Globals.h"
#include "analysis/Uses.h"
#include "analysis/link/Steps.h"

#include "frontend/base/Suggest.h"
#include "frontend/ir/TimeZones.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringSet.h>

#include <fmt/core.h>

#include <optional>
#include <variant>

namespace hoist::analysis {

using diag::Code;

namespace {

/// The names of one kind: whether one exists, and which one a missing name may have meant. The
/// index of near misses is built at the first question.
class KnownNames {
public:
    void add(llvm::StringRef name, Span at) { places.try_emplace(name, at); }
    bool contains(llvm::StringRef name) const { return places.contains(name); }
    bool empty() const { return places.empty(); }

    void suggest(diag::Builder& report, llvm::StringRef missing, Span at) {
        if (!index) {
            index.emplace();
            for (auto const& place : places) // order is irrelevant: `nearest` breaks ties by name
                index->add(place.first());
        }
        llvm::StringRef const near = index->nearest(missing);
        if (near.empty())
            return;
        report.help(fmt::format("did you mean `{}`?", diag::shown(near)))
            .label(places.lookup(near), "a similar name is defined here")
            .fix({at, near.str(), fmt::format("replace by `{}`", diag::shown(near)),
                  diag::Applicability::unsafe});
    }

private:
    llvm::StringMap<Span> places;
    std::optional<Suggestions> index;
};

/// Text that only the run time or the site turns into a name.
bool isTemplate(llvm::StringRef name) {
    return name.find_first_of("$`%~{") != llvm::StringRef::npos;
}

class References {
public:
    References(ir::Estate& theEstate, diag::Diagnostics& diagnostics)
        : estate(theEstate), diags(diagnostics) {
        for (ir::Calendar const& calendar : estate.calendars)
            (calendar.kind == ir::Calendar::Kind::cycle ? cycles : calendars)
                .add(calendar.name, calendar.nameSpan);
        for (ir::Machine const& machine : estate.machines) {
            machines.add(machine.name, machine.nameSpan);
            foldedMachines.insert(machine.name.lower());
        }
        for (ir::Resource const& resource : estate.resources)
            resources.add(resource.name, resource.nameSpan);
        for (ir::Instance const& instance : estate.instances)
            instances.add(instance.name, instance.nameSpan);
        for (ir::Variable const& variable : estate.variables)
            globals.add(variable.name, variable.nameSpan);
    }

    void linkAll() {
        for (ir::AtomId id : estate.conditions.atomIds())
            linkAtom(estate.conditions[id]);
        for (ir::CalendarId id : estate.calendars.ids())
            linkCalendar(estate.calendars[id]);
        if (!globals.empty())
            collectGlobalsSetByCommands();
        for (ir::JobId id : estate.jobs.ids())
            linkJob(id);
        if (!machines.empty())
            for (ir::Machine const& machine : estate.machines)
                for (ir::Machine::Part const& part : machine.parts)
                    checkMachine(part.name, part.span, machine.name);
    }

private:
    void linkAtom(ir::Atom& atom) {
        bool const namesJob =
            atom.kind == ir::Atom::Kind::status || atom.kind == ir::Atom::Kind::exitCode;
        if (namesJob && atom.instance.empty())
            if (auto it = estate.jobByName.find(atom.name); it != estate.jobByName.end())
                atom.job = it->second;
    }

    void linkJob(ir::JobId id) {
        ir::Job& job = estate.jobs[id];
        forEachCondition(estate, id, [&](ir::ConditionRef const& condition, ConditionRole) {
            llvm::DenseSet<uint32_t> seen; // one finding per name and condition
            for (ir::AtomUse const& use : condition.uses)
                if (seen.insert(use.atom.value).second)
                    checkUse(job, use);
        });
        if (job.schedule)
            linkSchedule(job, estate.schedules[job.schedule]);
        if (job.dialect == ir::Dialect::controlm)
            return; // its hosts and resources are not those of JIL
        if (job.machines && !machines.empty() && job.dialect == ir::Dialect::jil)
            for (llvm::StringRef machine : *job.machines)
                checkMachine(machine, estate.constructs.span(job.machines.from), job.name);
        if (!resources.empty())
            for (ir::ResourceUse const& use : job.resources)
                if (!resources.contains(use.name) && !isTemplate(use.name) &&
                    reported("resource", use.name)) {
                    auto report = diags.report<Code::UndefinedResource>(use.span, use.name);
                    report.object(use.name).evidence(job.name);
                    resources.suggest(report, use.name, use.span);
                }
    }

    void checkUse(ir::Job const& job, ir::AtomUse const& use) {
        ir::Atom const& atom = estate.conditions[use.atom];
        Span const at = use.nameSpan.isValid() ? use.nameSpan : use.span;
        if (isTemplate(atom.name))
            return; // an unresolved placeholder has been reported
        if (atom.kind == ir::Atom::Kind::variable) {
            if (!globals.empty() && !globals.contains(atom.name) &&
                !setByCommands.contains(atom.name) && reported("global", atom.name)) {
                auto report = diags.report<Code::UndefinedGlobal>(at, atom.name);
                report.object(atom.name).note(
                    "a comparison with a global that nobody has set is false (JIL-068)");
                globals.suggest(report, atom.name, at);
            }
        } else if (atom.kind == ir::Atom::Kind::fact) {
            return; // who adds it is for a pass to say
        } else if (!atom.instance.empty()) {
            if (!instances.empty() && !instances.contains(atom.instance) &&
                reported("instance", atom.instance)) {
                auto report = diags.report<Code::UndefinedInstance>(at, atom.instance);
                report.object(atom.instance).evidence(atom.name);
                instances.suggest(report, atom.instance, {});
            }
        } else if (!atom.job &&
                   (atom.kind == ir::Atom::Kind::status || atom.kind == ir::Atom::Kind::exitCode)) {
            auto report = diags.report<Code::UndefinedJob>(at, atom.name);
            report.object(job.name).evidence(atom.name).primary("no job of this name"); // JIL-066
            if (jobs.empty()) // whether a job exists, `jobByName` tells: this table is for near
                              // misses
                for (ir::Job const& known : estate.jobs)
                    jobs.add(known.name, known.nameSpan);
            jobs.suggest(report, atom.name, at);
        }
    }

    void linkSchedule(ir::Job& job, ir::Schedule& schedule) {
        linkDays(job, schedule.runCalendar, schedule.run, "run calendar");
        linkDays(job, schedule.excludeCalendar, schedule.exclude, "exclude calendar");
        linkZone(job, schedule);
        // JIL-141: `jil` rejects such a job; the schedule checks say why.
        if ((schedule.times && schedule.minutes) || (schedule.weekdays && schedule.runCalendar))
            job.refused = true;
    }

    /// JIL-148. A front end that knows better has set the zone itself.
    void linkZone(ir::Job& job, ir::Schedule& schedule) {
        if (!schedule.timezone || schedule.timezone->empty() || !schedule.zone.empty())
            return;
        ir::ResolvedZone const resolved = ir::resolveZone(*schedule.timezone);
        if (resolved.how != ir::ResolvedZone::How::unknown) {
            schedule.zone = estate.save(resolved.zone);
            return;
        }
        job.refused = true;
        auto report = diags.report<Code::UndefinedTimezone>(
            estate.constructs.span(schedule.timezone.from), *schedule.timezone, job.name);
        report.object(job.name).evidence(*schedule.timezone);
        if (!zones) {
            zones.emplace();
            for (llvm::StringRef name : ir::zoneNames())
                zones->add(name);
        }
        if (llvm::StringRef const near = zones->nearest(*schedule.timezone); !near.empty())
            report.help(fmt::format("did you mean `{}`?", diag::shown(near)));
    }

    /// A calendar that cannot be had means days that nobody knows: the job, hence its workflow, is
    /// refused.
    void linkDays(ir::Job& job, ir::Sourced<llvm::StringRef> const& name, ir::CalendarId& id,
                  llvm::StringRef role) {
        if (!name)
            return;
        Span const at = estate.constructs.span(name.from);
        auto it = estate.calendarByName.find(*name);
        if (it == estate.calendarByName.end()) {
            job.refused = true;
            auto report = diags.report<Code::UndefinedCalendar>(at, role, *name, job.name);
            report.object(job.name).evidence(*name);
            calendars.suggest(report, *name, {});
            return;
        }
        ir::Calendar const& calendar = estate.calendars[it->second];
        if (calendar.kind == ir::Calendar::Kind::cycle) {
            job.refused = true;
            diags
                .report<Code::WrongCalendarKind>(at, *name, llvm::StringRef("a cycle"), role,
                                                 llvm::StringRef("a standard or extended calendar"))
                .object(job.name)
                .label(calendar.nameSpan, "defined here");
            return;
        }
        id = it->second;
        if (calendar.refused) {
            job.refused = true;
            diags.report<Code::UnusableCalendar>(at, *name, job.name)
                .object(job.name)
                .evidence(*name)
                .label(calendar.nameSpan, "this calendar has errors");
        }
    }

    /// JIL-156: holcal names a standard calendar, cyccal a cycle. Neither can lead back here, so no
    /// circle is possible.
    void linkCalendar(ir::Calendar& calendar) {
        linkPart(calendar, calendar.holidayCalendar, ir::Calendar::Kind::standard, "holcal",
                 "a standard calendar");
        linkPart(calendar, calendar.cycleName, ir::Calendar::Kind::cycle, "cyccal", "a cycle");
    }

    void linkPart(ir::Calendar& calendar, ir::Sourced<llvm::StringRef> const& name,
                  ir::Calendar::Kind needed, llvm::StringRef role, llvm::StringRef neededText) {
        if (!name || name->empty())
            return;
        bool const wantsCycle = needed == ir::Calendar::Kind::cycle;
        Span const at = estate.constructs.span(name.from);
        auto it = estate.calendarByName.find(*name);
        KnownNames& known = wantsCycle ? cycles : calendars;
        if (it == estate.calendarByName.end()) {
            calendar.refused = true;
            auto report = diags.report<Code::UndefinedCalendar>(at, role, *name, calendar.name);
            report.object(calendar.name).evidence(*name);
            known.suggest(report, *name, {});
            return;
        }
        ir::Calendar const& target = estate.calendars[it->second];
        if (target.kind != needed) {
            calendar.refused = true;
            llvm::StringRef const isA = target.kind == ir::Calendar::Kind::cycle ? "a cycle"
                                        : target.kind == ir::Calendar::Kind::extended
                                            ? "an extended calendar"
                                            : "a standard calendar";
            diags.report<Code::WrongCalendarKind>(at, *name, isA, role, neededText)
                .object(calendar.name)
                .evidence(*name)
                .label(target.nameSpan, "defined here");
        } else if (target.refused) {
            calendar.refused = true;
        }
    }

    void checkMachine(llvm::StringRef name, Span at, llvm::StringRef user) {
        if (name.empty() || isTemplate(name) || name.equals_insensitive("localhost") ||
            foldedMachines.contains(name.lower()) || !reported("machine", name))
            return;
        auto report = diags.report<Code::UndefinedMachine>(at, name);
        report.object(name).evidence(user);
        machines.suggest(report, name, {});
    }

    /// `sendevent -E SET_GLOBAL -G "NAME=value"`: a command that sets a global is as good as a
    /// definition.
    void collectGlobalsSetByCommands() {
        for (ir::Job const& job : estate.jobs)
            if (auto const* action = std::get_if<ir::CommandAction>(&job.action))
                forEachGlobalSet(*action->command,
                                 [&](llvm::StringRef name) { setByCommands.insert(name); });
    }

    /// True the first time a name of a kind is missing: what hundreds of jobs name is one finding.
    bool reported(llvm::StringRef kind, llvm::StringRef name) {
        return missing.insert((kind + " " + name).str()).second;
    }

    ir::Estate& estate;
    diag::Diagnostics& diags;
    KnownNames jobs, calendars, cycles, machines, resources, instances, globals;
    std::optional<Suggestions> zones;
    llvm::StringSet<> foldedMachines; ///< host names fold case
    llvm::StringSet<> setByCommands, missing;
};

} // namespace

void linkReferences(ir::Estate& estate, diag::Diagnostics& diags) {
    References(estate, diags).linkAll();
}

} // namespace hoist::analysis
