// Zones of entities (CTM-055).
#include "analysis/equivalence/orders/Lifting.h"
#include "analysis/schedule/BusinessDay.h"

#include <fmt/format.h>

namespace hoist::equivalence {

void Lifting::readZone(ir::JobId job, target::Task const& task) {
    std::string const name = textOf(task.argument("timezone"));
    if (name.empty())
        return;
    if (!ir::findZone(name))
        return unknown(fmt::format("`timezone` of `{}` is not known", task.id));
    ir::Sourced<llvm::StringRef>& zone = policyOf(job).timezone;
    if (zone && *zone != name)
        return unknown(fmt::format("the tasks of a folder have two zones, {} and {}",
                                   std::string_view(*zone), name));
    set(zone, into.save(name));
}

void Lifting::finishZones() {
    std::vector<ir::JobId> folders;
    for (auto const& [definition, lifted_] : boxOf)
        folders.push_back(lifted_);
    llvm::sort(folders, [](ir::JobId a, ir::JobId b) { return b < a; }); // the inner ones first
    for (ir::JobId const one : folders) {
        auto const& members = into.groups[into.jobs[one].group].members;
        ir::Sourced<llvm::StringRef>& zone = policyOf(one).timezone;
        if (zone || members.empty() || into.isContainer(one))
            continue;
        ir::Sourced<llvm::StringRef> const first = policyOf(members.front()).timezone;
        bool const areSame = llvm::all_of(members, [&](ir::JobId member) {
            return policyOf(member).timezone && *policyOf(member).timezone == *first;
        });
        if (areSame)
            zone = first;
    }
    if (isEarly || method != ir::OrderPolicy::Method::newDay)
        return;
    ir::TimeZone const& site = schedule::siteZoneOrUtc(into.settings);
    for (ir::JobId const job : into.workflows[out->folder].jobs) {
        auto const& zone = policyOf(job).timezone;
        if (!zone)
            continue;
        ir::TimeZone const& own = *ir::findZone(*zone);
        for (int32_t const day : base.days)
            if (schedule::newDay(into.settings, own, day) <
                schedule::newDay(into.settings, site, day)) {
                out->certain.push_back(
                    fmt::format("its runs begin at the site's New Day, when a day of `{}` in {} "
                                "has begun already",
                                std::string_view(into.jobs[job].name), std::string_view(*zone)));
                return;
            }
    }
}

} // namespace hoist::equivalence
