// Jobs that wait for more units than there can ever be (JIL-160, JIL-161).
#include "analysis/Pass.h"

namespace hoist::analysis {

static void checkUses(PassContext& context, ir::Job const& job) {
    ir::Estate const& estate = context.estate;
    for (ir::ResourceUse const& use : job.resources) {
        auto it = estate.resourceByName.find(use.name);
        if (it == estate.resourceByName.end())
            continue;
        ir::Resource const& resource = estate.resources[it->second];
        if (!resource.amount || use.quantity <= *resource.amount)
            continue;
        context.diags
            .report<Code::ResourceShort>(use.span, job.name, use.quantity, use.name,
                                         *resource.amount)
            .object(job.name)
            .evidence(use.name)
            .primary("waits for ever in RESWAIT")
            .label(resource.nameSpan, fmt::format("has {} units", *resource.amount));
    }
}

/// One machine with a limit, a load that counts, and more of it than the machine takes.
static void checkLoad(PassContext& context, ir::Job const& job) {
    ir::Estate const& estate = context.estate;
    if (!job.load || !job.priority || *job.priority <= 0 || !job.machines ||
        job.machines->size() != 1)
        return;
    auto it = estate.machineByName.find(job.machines->front());
    if (it == estate.machineByName.end())
        return;
    ir::Machine const& machine = estate.machines[it->second];
    if (!machine.maxLoad || machine.kind != ir::Machine::Kind::real ||
        *job.load <= *machine.maxLoad)
        return;
    context.diags
        .report<Code::ResourceShort>(estate.constructs.span(job.load.from), job.name, *job.load,
                                     machine.name, *machine.maxLoad)
        .object(job.name)
        .evidence(machine.name)
        .primary("waits for ever in QUE_WAIT")
        .label(machine.nameSpan, fmt::format("takes {} units of load", *machine.maxLoad));
}

void checkResources(PassContext& context) {
    for (ir::Job const& job : context.estate.jobs) {
        checkUses(context, job);
        checkLoad(context, job);
    }
}

} // namespace hoist::analysis
