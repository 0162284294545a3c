// One walk over all statements that set variables.
#include "frontend/ir/SharedVariables.h"

namespace hoist::ir {

SharedVariables::SharedVariables(Estate const& estate) {
    using Owner = VariableName::Owner;
    for (Job const& job : estate.jobs) {
        if (!job.orders)
            continue;
        OrderPolicy const& policy = estate.orderPolicies[job.orders];
        auto const note = [&](llvm::StringRef written) {
            auto const name = readVariableName(written);
            if (!name)
                return;
            if (name->owner == Owner::global)
                keys.insert(name->key);
            else if (name->owner == Owner::folder)
                ofFolders.insert({job.workflow.value, name->name.str()});
        };
        for (OrderVariable const& variable : policy.variables)
            note(variable.name);
        forEachSetting(policy, [&](EndAction const& action) { note(action.name); });
    }
}

bool setsItself(OrderPolicy const& policy, llvm::StringRef name) {
    bool isSet = false;
    forEachSetting(policy, [&](EndAction const& action) {
        auto const made = readVariableName(action.name);
        isSet |= made && made->owner == VariableName::Owner::local && made->name == name;
    });
    return isSet;
}

std::vector<llvm::StringRef> submittedTexts(Job const& job) {
    std::vector<llvm::StringRef> texts;
    if (auto const* command = std::get_if<CommandAction>(&job.action)) {
        texts.push_back(*command->command);
    } else if (auto const* watch = std::get_if<FileWatchAction>(&job.action)) {
        texts.push_back(*watch->path);
    } else if (auto const* query = std::get_if<QueryAction>(&job.action)) {
        texts.push_back(*query->query);
    } else if (auto const* script = std::get_if<ScriptAction>(&job.action)) {
        if (script->text)
            return {*script->text};
        for (auto const* part : {&script->folder, &script->file})
            if (*part)
                texts.push_back(**part);
        for (auto const& argument : script->arguments)
            texts.push_back(*argument);
    }
    return texts;
}

} // namespace hoist::ir
