// Which certificates still speak about what is there: the other half of Certificate.h.
#pragma once

#include "analysis/equivalence/Diff.h"

#include <optional>
#include <string>
#include <vector>

namespace hoist::equivalence {

/// What a certificate's file says about what it was written for.
struct ReadCertificate {
    std::string workflow, verdict, irHash, siteHash;
};
/// Nothing, with `error` saying why, when the text is no certificate.
std::optional<ReadCertificate> readCertificate(llvm::StringRef json, std::string& error);

struct CertificateState {
    std::string file;
    ReadCertificate certificate;
    std::vector<std::string> reasons; ///< why it is void; empty: it holds
    Span place;                       ///< of its workflow in the newer version; may be nowhere

    bool isVoid() const { return !reasons.empty(); }
};

/// Whether a certificate that was written for `before` still holds when `after` is what runs.
/// `result` is their difference. A certificate speaks about one meaning, by its hash: a definition
/// of another hash makes it void even where no change was found, because `diff` looks at a horizon
/// of its own; the reason tells the two apart.
CertificateState stateOf(std::string file, ReadCertificate certificate, ir::Estate const& before,
                         ir::Estate const& after, DiffResult const& result,
                         DiffOptions const& options);

/// The top-level names of an estate that none of these certificates is about.
std::vector<std::string> withoutCertificate(ir::Estate const& estate,
                                            std::vector<CertificateState> const& states);

} // namespace hoist::equivalence
