// Machines and resources have no behaviour of their own: they decide where jobs run, and how many
// at a time.
#include "analysis/equivalence/DiffDefinitions.h"

#include <llvm/ADT/StringSet.h>

#include <fmt/format.h>

namespace hoist::equivalence {
namespace {

using Aspect = Difference::Aspect;

struct Said {
    std::string text; ///< "not defined" without a definition
    Span place;
};

template <class Value>
void add(std::string& text, char const* key, ir::Sourced<Value> const& value) {
    if (!value)
        return;
    if constexpr (std::is_same_v<Value, llvm::StringRef>)
        text += fmt::format(", {}: {}", key, value->str());
    else
        text += fmt::format(", {}: {}", key, *value);
}

Said machineIn(ir::Estate const& estate, llvm::StringRef name) {
    auto const it = estate.machineByName.find(name);
    if (it == estate.machineByName.end())
        return {"not defined", {}};
    ir::Machine const& machine = estate.machines[it->second];
    std::string text = machine.kind == ir::Machine::Kind::virtualMachine ? "virtual machine"
                       : machine.kind == ir::Machine::Kind::pool         ? "pool"
                                                                         : "machine";
    if (!machine.type.empty())
        text += ", type: " + machine.type.str();
    add(text, "node_name", machine.node);
    add(text, "port", machine.port);
    add(text, "max_load", machine.maxLoad);
    for (auto const& part : machine.parts)
        text += ", of " + part.name.str();
    return {text, machine.nameSpan};
}

Said resourceIn(ir::Estate const& estate, llvm::StringRef name) {
    auto const it = estate.resourceByName.find(name);
    if (it == estate.resourceByName.end())
        return {"not defined", {}};
    ir::Resource const& resource = estate.resources[it->second];
    std::string text = resource.kind == ir::Resource::Kind::depletable  ? "depletable"
                       : resource.kind == ir::Resource::Kind::threshold ? "threshold"
                                                                        : "renewable";
    add(text, "amount", resource.amount);
    add(text, "machine", resource.machine);
    return {text, resource.nameSpan};
}

} // namespace

void compareDefinitions(ir::Estate const& before, ir::Estate const& after, DiffResult& result) {
    llvm::StringSet<> asked;
    auto const compare = [&](ir::Job const& job, char const* kind, llvm::StringRef name, Said was,
                             Said is, Aspect aspect) {
        if (was.text == is.text)
            return;
        Change change;
        change.aspect = aspect;
        change.job = job.name.str();
        change.oldPlace = was.place;
        change.newPlace = is.place.isValid() ? is.place : job.nameSpan;
        change.before = fmt::format("{} `{}`: {}", kind, name.str(), was.text);
        change.after = fmt::format("{} `{}`: {}", kind, name.str(), is.text);
        change.consequence = fmt::format("{} `{}`, which `{}` names, is another one", kind,
                                         name.str(), job.name.str());
        result.changes.push_back(std::move(change));
    };
    for (ir::Job const& job : after.jobs) {
        for (llvm::StringRef name : job.machines.value)
            if (asked.insert(("machine " + name).str()).second)
                compare(job, "machine", name, machineIn(before, name), machineIn(after, name),
                        Aspect::action);
        for (ir::ResourceUse const& use : job.resources)
            if (asked.insert(("resource " + use.name).str()).second)
                compare(job, "resource", use.name, resourceIn(before, use.name),
                        resourceIn(after, use.name), Aspect::resource);
    }
}

} // namespace hoist::equivalence
