// Which findings are shown, how severe they are, and which of them fail the run: `--select`,
// `--ignore`, `--severity`, `--fail-on` and `[findings]` of hoist.toml.
//
// A code is named by a prefix of any length (`A`, `A00`, `A0016`), or ALL. The longest prefix that
// fits decides; among equals the command line before hoist.toml, then `ignore` before `select`.
#pragma once

#include "backend/driver/CommandLine.h"
#include "frontend/diag/Diagnostics.h"

#include <optional>
#include <string>
#include <vector>

namespace hoist {

class Policy {
public:
    enum class Layer : uint8_t { file, commandLine };

    /// All of these take a prefix that `isPrefix` knows.
    void select(llvm::StringRef prefix, Layer layer);
    void ignore(llvm::StringRef prefix, Layer layer);
    void forgetSelected();
    void setSeverity(llvm::StringRef prefix, diag::Severity severity, Layer layer);

    /// From this severity on a finding fails the run; nothing: none does.
    std::optional<diag::Severity> failOn = diag::Severity::error;

    /// Takes away what is not selected and gives the rest its severity; returns how many went.
    /// `writes`: the run writes DAGs.
    size_t apply(diag::Diagnostics& diags, bool writes) const;

    /// Whether a finding has to be shown whatever anybody says: what hoist could not read, and, in
    /// a run that writes DAGs, what refuses one.
    static bool isLocked(diag::Code code, bool writes);

    /// What is said, for `hoist config`: beginnings in upper case, `ALL` for the empty one.
    std::vector<std::string> selected() const { return prefixes(false); }
    std::vector<std::string> ignored() const { return prefixes(true); }
    struct Remapped {
        std::string prefix;
        diag::Severity severity;
        Layer layer;
    };
    std::vector<Remapped> remapped() const;

    static bool isPrefix(llvm::StringRef prefix);
    /// The nearest thing that is one; empty if none is near.
    static std::string nearestPrefix(llvm::StringRef prefix);

private:
    struct Rule {
        std::string prefix; ///< upper case; empty: all
        Layer layer;
        bool isIgnore = false;                           ///< of `choices`
        diag::Severity severity = diag::Severity::error; ///< of `severities`
    };
    static Rule const* strongest(std::vector<Rule> const& rules, std::string_view id);
    bool isSelected(std::string_view id) const;
    std::vector<std::string> prefixes(bool isIgnore) const;

    std::vector<Rule> choices, severities;
};

/// What the command line says. A `--select` there replaces that of hoist.toml.
void readPolicy(Invocation const& invocation, Policy& policy, diag::Diagnostics& diags);

/// "error", "warning" or "note".
std::optional<diag::Severity> severityByName(llvm::StringRef name);

} // namespace hoist
