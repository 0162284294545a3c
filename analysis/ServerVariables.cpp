// One walk over the statements of an entity, and one over its texts.
#include "analysis/ServerVariables.h"

#include "frontend/ir/AutoEdit.h"

#include <set>

namespace hoist::analysis {
namespace {

using Owner = ir::VariableName::Owner;

class Collector {
public:
    void add(std::string key, ir::ConstructId construct, std::string written = {}) {
        if (seen.insert(key).second)
            found.push_back({std::move(key), construct, std::move(written)});
    }
    std::vector<ServerVariableUse> found;

private:
    std::set<std::string> seen;
};

/// Does a definition around the job, or its own, give the name a value?
bool isDefined(ir::Estate const& estate, ir::JobId id, llvm::StringRef name) {
    for (; id; id = estate.jobs[id].box)
        for (ir::OrderVariable const& variable :
             estate.orderPolicies[estate.jobs[id].orders].variables) {
            auto const made = ir::readVariableName(variable.name);
            if (made && made->owner == Owner::local && made->name == name)
                return true;
        }
    return false;
}

/// The construct of a text of the job; its statement where there is none.
ir::ConstructId constructOf(ir::Job const& job, llvm::StringRef text) {
    std::vector<ir::Sourced<llvm::StringRef> const*> known;
    if (auto const* command = std::get_if<ir::CommandAction>(&job.action))
        known = {&command->command};
    else if (auto const* watch = std::get_if<ir::FileWatchAction>(&job.action))
        known = {&watch->path};
    else if (auto const* query = std::get_if<ir::QueryAction>(&job.action))
        known = {&query->query};
    else if (auto const* script = std::get_if<ir::ScriptAction>(&job.action)) {
        known = {&script->text, &script->folder, &script->file};
        for (auto const& argument : script->arguments)
            known.push_back(&argument);
    }
    for (auto const* one : known)
        if (*one && one->value.data() == text.data() && one->value.size() == text.size())
            return one->from;
    return job.statement;
}

} // namespace

std::vector<ServerVariableUse> serverVariablesSet(ir::Estate const& estate, ir::JobId id) {
    Collector made;
    ir::Job const& job = estate.jobs[id];
    if (!job.orders)
        return {};
    auto const note = [&](llvm::StringRef written, ir::ConstructId construct) {
        if (auto const name = ir::readVariableName(written); name && name->owner == Owner::global)
            made.add(name->key, construct);
    };
    ir::OrderPolicy const& policy = estate.orderPolicies[job.orders];
    for (ir::OrderVariable const& variable : policy.variables)
        note(variable.name, variable.construct);
    ir::forEachSetting(policy,
                       [&](ir::EndAction const& action) { note(action.name, action.construct); });
    return std::move(made.found);
}

std::vector<ServerVariableUse> serverVariablesRead(ir::Estate const& estate, ir::JobId id,
                                                   ir::SharedVariables const& shared) {
    Collector made;
    ir::Job const& job = estate.jobs[id];
    if (!job.orders)
        return {};
    auto const note = [&](ir::VariablesUsed const& used, ir::ConstructId construct) {
        for (llvm::StringRef const name : used.names) {
            auto const read = ir::readVariableName(name);
            std::string const written = "%%" + name.str();
            if (read && read->owner == Owner::global)
                made.add(read->key, construct, written);
            else if (read && read->owner == Owner::local && !ir::isSystemVariable(name) &&
                     !ir::isOfJob(name) && shared.isGlobal(name) && !isDefined(estate, id, name))
                made.add("%%\\" + name.str(), construct, written);
        }
    };
    for (llvm::StringRef const text : ir::submittedTexts(job))
        note(ir::variablesIn(text), constructOf(job, text));
    for (ir::KeptAttribute const& kept : job.kept)
        note(ir::variablesIn(kept.value), kept.construct);
    ir::OrderPolicy const& policy = estate.orderPolicies[job.orders];
    for (ir::OrderVariable const& variable : policy.variables)
        note(ir::variablesInValue(variable.value), variable.construct);
    for (ir::EndRule const& rule : policy.rules)
        for (ir::EndAction const& action : rule.actions) {
            bool const isSetting = action.kind == ir::EndAction::Kind::setVariable;
            note(isSetting ? ir::variablesInValue(action.text) : ir::variablesIn(action.text),
                 action.construct);
            note(ir::variablesIn(action.subject), action.construct);
            note(ir::variablesIn(action.destination), action.construct);
        }
    for (ir::Shout const& shout : policy.shouts) {
        note(ir::variablesIn(shout.destination), shout.construct);
        note(ir::variablesIn(shout.text), shout.construct);
    }
    return std::move(made.found);
}

} // namespace hoist::analysis
