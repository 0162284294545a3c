// Which variables of Control-M more than one order sees (CTM-100), and which statements set them: a
// name that the definition of a job does not know may be one of these.
#pragma once

#include "frontend/ir/AutoEdit.h"
#include "frontend/ir/Estate.h"

#include <set>
#include <string>

namespace hoist::ir {

/// Its name without the `%%` that may stand in front of it.
inline llvm::StringRef plainName(OrderVariable const& variable) {
    llvm::StringRef name = variable.name;
    name.consume_front("%%");
    return name;
}

/// Each DOVARIABLE of an entity, in the order of its rules: `visit(EndAction const&)`.
template <class Visit>
void forEachSetting(OrderPolicy const& policy, Visit visit) {
    for (EndRule const& rule : policy.rules)
        for (EndAction const& action : rule.actions)
            if (action.kind == EndAction::Kind::setVariable)
                visit(action);
}

class SharedVariables {
public:
    explicit SharedVariables(Estate const& estate);

    /// `%%\NAME`, set somewhere in the estate.
    bool isGlobal(llvm::StringRef name) const { return keys.contains("%%\\" + name.str()); }
    /// `%%\\NAME`, set by a job of the folder.
    bool isOfFolder(WorkflowId folder, llvm::StringRef name) const {
        return ofFolders.contains({folder.value, name.str()});
    }
    /// Of the server, by themselves or in pools: `%%\NAME`, `%%\\POOL\NAME`.
    std::set<std::string> const& global() const { return keys; }

private:
    std::set<std::string> keys;
    std::set<std::pair<uint32_t, std::string>> ofFolders;
};

/// Does a rule of the entity set its own `%%NAME`? Seen by what it executes later.
bool setsItself(OrderPolicy const& policy, llvm::StringRef name);

/// A statement of a definition that sets what others see, when the job is submitted.
inline bool isSetAtSubmission(OrderVariable const& variable) {
    auto const name = readVariableName(variable.name);
    return name && name->owner != VariableName::Owner::local;
}

/// What the texts of a job are that it resolves when it is submitted (CTM-104).
std::vector<llvm::StringRef> submittedTexts(Job const& job);

} // namespace hoist::ir
