// Variables of tasks as statements of a definition: what their texts are resolved with, and what
// they set. That the texts are the same is compared elsewhere (OrderFields.cpp); here they say
// whether a played job has values for them (CTM-104).
#include "analysis/equivalence/orders/Lifting.h"
#include "frontend/ir/AutoEdit.h"

#include <fmt/format.h>

namespace hoist::equivalence {

/// An empty command ends at once (CTM-071).
void Lifting::readTexts(ir::JobId job, target::Task const& task) {
    ir::CommandAction made;
    std::string text = "runs";
    if (isOrderTask(task, "OrderedCommand")) {
        text = textOf(task.argument("command"));
        if (task.argument("script").is_string()) {
            text = textOf(task.argument("script"));
            if (json const& list = task.argument("parameters"); list.is_array())
                for (json const& one : list)
                    text += " " + textOf(one);
        }
    } else if (isOrderTask(task, "OrderedFileWatcher"))
        text = textOf(task.argument("path"));
    else if (isOrderTask(task, "OrderedQuery"))
        text = textOf(task.argument("query"));
    made.command.set(into.save(text), ir::ConstructId(0));
    into.jobs[job].action = std::move(made);
    if (isOfOrder(task))
        readVariables(job, task);
}

void Lifting::readVariables(ir::JobId job, target::Task const& task) {
    auto const add = [&](ir::JobId owner, std::string const& name, std::string const& value) {
        ir::OrderVariable made;
        made.name = into.save(name);
        made.value = into.save(value);
        auto& variables = policyOf(owner).variables;
        if (llvm::none_of(variables, [&](auto const& one) { return one.name == made.name; }))
            variables.push_back(made);
    };
    ir::JobId top = job;
    while (into.jobs[top].box)
        top = into.jobs[top].box;
    if (json const& given = task.argument("variables"); given.is_object())
        for (auto const& [name, value] : given.items()) {
            bool const isOfFolder = llvm::StringRef(name).starts_with("\\\\");
            add(isOfFolder ? top : job, isOfFolder ? name.substr(2) : name, textOf(value));
        }
    if (json const& sets = task.argument("sets"); sets.is_array())
        for (json const& text : sets) {
            ir::EndAction one;
            if (readSetting(textOf(text), one))
                add(job, one.name.str(), one.text.str());
            else
                unknown(fmt::format("`sets` of `{}` cannot be read", task.id));
        }
}

/// `%%\\NAME=value`. False: it is none.
bool Lifting::readSetting(llvm::StringRef text, ir::EndAction& made) {
    auto const [variable, value] = text.split('=');
    if (!text.contains('=') || !ir::readVariableName(variable))
        return false;
    made = action(ir::EndAction::Kind::setVariable);
    made.name = into.save(variable);
    made.text = into.save(value);
    return true;
}

} // namespace hoist::equivalence
