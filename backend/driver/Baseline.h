// What an old estate was found with, so that only what is new is reported: `hoist baseline` and
// `--baseline`.
//
// An entry is keyed by the fingerprint of a finding: its code, its object and its evidence, never
// its line or file, as exports are made anew and files move. Equal findings are counted.
#pragma once

#include "frontend/base/FileSystem.h"
#include "frontend/diag/Diagnostics.h"

#include <optional>
#include <string>
#include <vector>

namespace hoist {

class Baseline {
public:
    /// The file becomes a source, so that what is stale is shown there. Nothing, with a finding,
    /// where it cannot be read.
    static std::optional<Baseline> read(std::string const& path, FileSystem& files,
                                        SourceMap& sources, diag::Diagnostics& diags);
    /// Of these findings, with their fingerprints.
    static Baseline of(std::vector<diag::Diagnostic> const& findings,
                       std::vector<std::string> const& prints);

    /// Takes the findings that are listed away, but for those that are locked (Policy); returns how
    /// many went. What was found remains known, for the two below.
    size_t hide(std::vector<diag::Diagnostic>& findings, std::vector<std::string> const& prints,
                bool writes);
    /// Each entry that was not found as a finding.
    void reportStale(diag::Diagnostics& diags) const;
    /// Drops what was not found; returns how many.
    size_t prune();

    /// How many findings are listed.
    size_t size() const;
    /// docs/schemas/baseline.schema.json; the same findings give the same bytes, a line each, in an
    /// order that merges well.
    std::string json() const;

private:
    struct Entry {
        std::string code, object, fingerprint;
        size_t count = 0;
        size_t found = 0;
        Span place;
    };
    Entry* find(llvm::StringRef fingerprint);
    std::vector<Entry> entries;  ///< by code, object, fingerprint
    std::vector<size_t> byPrint; ///< of `entries`, by fingerprint
    void index();
};

} // namespace hoist
