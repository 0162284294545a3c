// What `hoist diff` and `hoist drift` say.
#pragma once

#include "analysis/equivalence/CertificateState.h"
#include "analysis/equivalence/Diff.h"
#include "frontend/diag/Diagnostics.h"

#include <string>

namespace hoist::report {

/// What `hoist drift --certificates` found.
struct CertificateReport {
    std::vector<equivalence::CertificateState> states; ///< in the order of their files
    std::vector<std::string> without;                  ///< workflows that have none

    /// Whether every certificate holds.
    bool isWhole() const;
};

/// Each change and each undecided point as a finding at its place in the new version.
void reportChanges(ir::Estate const& before, ir::Estate const& after,
                   equivalence::DiffResult const& result, diag::Diagnostics& diags);
/// A line per change, then the counts.
std::string changesText(equivalence::DiffResult const& result);
/// docs/schemas/changes.schema.json.
std::string changesJson(ir::Estate const& before, ir::Estate const& after,
                        equivalence::DiffResult const& result,
                        std::optional<CertificateReport> const& certificates = std::nullopt);

/// Each void certificate as a finding at its workflow.
void reportCertificates(CertificateReport const& certificates, diag::Diagnostics& diags);
/// A line per void certificate, then the counts; empty without a report.
std::string certificatesText(std::optional<CertificateReport> const& certificates);

} // namespace hoist::report
