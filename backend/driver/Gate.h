// `hoist gate`: what is new since a revision of the repository, by the policy of hoist.toml.
#pragma once

#include "backend/driver/GitRevision.h"
#include "backend/driver/VerifyCommand.h"

namespace hoist {

/// `[gate]` of hoist.toml.
struct GateSettings {
    std::string against;                  ///< the revision, where `--against` names none
    std::vector<std::string> changes;     ///< that need no approval: added, removed, or an aspect
    std::vector<std::string> assumptions; ///< globs of accepted ones
};

/// What `changes` may hold: added, removed, and the aspects.
std::vector<std::string> kindsOfChange();
bool isKindOfChange(llvm::StringRef word);

/// What is asked of a gate, and what comes of it.
class Gate {
public:
    /// The names of `--map` in `diffOptions` count more than what is found to be renamed.
    Gate(ir::Estate const& older, ir::Estate& newer, equivalence::DiffOptions diffOptions,
         diag::Diagnostics& findings);

    /// Takes away the findings that the older version has, too: the same code about the same object
    /// for the same reason, wherever it stands, whatever its jobs are called now.
    void hideKnown(diag::Diagnostics const& ofBefore);
    /// Reports what behaves differently; what the settings let pass as notes.
    void compare(GateSettings const& settings);

    /// Three lines: findings, changes, DAGs.
    std::string summary(GitRevision const& revision, llvm::StringRef name,
                        llvm::StringRef tally) const;

private:
    std::string withNewNames(llvm::StringRef text) const;

    ir::Estate const& before;
    ir::Estate& after;
    equivalence::DiffOptions options; ///< `renamed` holds all renames
    diag::Diagnostics& diags;
    equivalence::DiffResult changes, passed;
    size_t known = 0, fresh = 0;
};

/// What the findings that are left say about the whole: 3 where behaviour changed or a DAG differs,
/// 4 where something is not decided or not accepted.
Exit gateExit(diag::Diagnostics const& diags);

} // namespace hoist
