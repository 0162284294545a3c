// Definitions: every name of the estate in its table; the first definition wins, a second one is
// reported.
#include "analysis/link/Steps.h"

namespace hoist::analysis {

using diag::Code;

static void reportDuplicate(diag::Diagnostics& diags, llvm::StringRef kind, llvm::StringRef name,
                            Span second, Span first) {
    diags.report<Code::DuplicateDefinition>(second, kind, name)
        .object(name)
        .primary("defined again here")
        .label(first, "the first definition, which counts");
}

/// Fills one table from the objects of one kind; `counts` says which of them share its name space.
template <class IdType, class T, class Counts>
static void index(IdVector<IdType, T>& objects, llvm::StringMap<IdType>& byName,
                  llvm::StringRef kind, diag::Diagnostics& diags, Counts counts) {
    for (IdType id : objects.ids()) {
        if (!counts(objects[id]))
            continue;
        auto [it, isNew] = byName.try_emplace(objects[id].name, id);
        if (!isNew)
            reportDuplicate(diags, kind, objects[id].name, objects[id].nameSpan,
                            objects[it->second].nameSpan);
    }
}

static void indexJobs(ir::Estate& estate, diag::Diagnostics& diags) {
    // The one large table: growing into place costs as much again as filling it.
    estate.jobByName = llvm::StringMap<ir::JobId>(static_cast<unsigned>(estate.jobs.size()));
    for (ir::JobId id : estate.jobs.ids()) {
        ir::Job& job = estate.jobs[id];
        auto [it, isNew] = estate.jobByName.try_emplace(job.name, id);
        if (isNew)
            continue;
        // JIL-030: the scheduler rejects the second insert. It becomes a workflow of its own that
        // is refused.
        job.refused = true;
        diags.report<Code::DuplicateJob>(job.nameSpan, job.name)
            .object(job.name)
            .primary("rejected by the scheduler: the job exists")
            .label(estate.jobs[it->second].nameSpan, "the first definition, which counts");
    }
}

void indexDefinitions(ir::Estate& estate, diag::Diagnostics& diags) {
    indexJobs(estate, diags);
    auto const all = [](auto const&) { return true; };
    auto const isCycle = [](ir::Calendar const& calendar) {
        return calendar.kind == ir::Calendar::Kind::cycle;
    };
    // run_calendar names a standard or an extended calendar, cyccal a cycle: two name spaces in one
    // table, in which a calendar hides a cycle of its name.
    index(estate.calendars, estate.calendarByName, "calendar", diags,
          [&](ir::Calendar const& calendar) { return !isCycle(calendar); });
    llvm::StringMap<ir::CalendarId> cycles;
    index(estate.calendars, cycles, "cycle", diags, isCycle);
    for (ir::CalendarId id : estate.calendars.ids())
        if (isCycle(estate.calendars[id]))
            estate.calendarByName.try_emplace(estate.calendars[id].name, id);
    index(estate.machines, estate.machineByName, "machine", diags, all);
    index(estate.resources, estate.resourceByName, "resource", diags, all);

    llvm::StringMap<Span> instances;
    for (ir::Instance const& instance : estate.instances)
        if (auto [it, isNew] = instances.try_emplace(instance.name, instance.nameSpan); !isNew)
            reportDuplicate(diags, "instance", instance.name, instance.nameSpan, it->second);
    // A global may be set again: the later value holds (JIL-037).
}

} // namespace hoist::analysis
