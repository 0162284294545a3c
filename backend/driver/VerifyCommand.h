// `hoist verify` and `hoist diff`: what to compare, brought here; the judgement; the exit code.
#pragma once

#include "analysis/equivalence/CertificateState.h"
#include "analysis/equivalence/Diff.h"
#include "analysis/equivalence/Verify.h"
#include "backend/driver/CommandLine.h"
#include "backend/driver/Console.h"
#include "backend/driver/Driver.h"
#include "frontend/base/FileSystem.h"

#include <future>

namespace hoist {

/// What of an equivalence is enough.
struct AssumptionPolicy {
    std::vector<std::string>
        accepted;         ///< globs, of which a text may hold several with commas between
    bool isAsked = false; ///< whether every assumption has to be accepted
};

/// What `hoistctl export-dags` wrote; no bag: why it cannot be used.
struct LoadedExport {
    std::optional<target::Bag> bag;
    std::string error;
};
LoadedExport readExport(std::string const& path, FileSystem& files);

/// Every certificate of a folder, with its path; nothing when there is none, or one cannot be read,
/// which is reported.
std::optional<std::vector<std::pair<std::string, equivalence::ReadCertificate>>>
readCertificates(std::string const& folder, FileSystem& files, diag::Diagnostics& diags);

/// Judges a linked estate by what the invocation names (`--dags` or `--serialized`). Findings go to
/// `diags`, the table or the JSON object to standard output. What is wrong with the export is an
/// error of the configuration (exit 2). `reading`: the export of `--serialized`, if somebody reads
/// it already.
Exit verifyEstate(ir::Estate& estate, Invocation const& invocation, llvm::StringRef version,
                  FileSystem& files, Console& console, diag::Diagnostics& diags,
                  std::future<LoadedExport> reading = {});

/// The same as a part of something else: the table is given back, not printed; `tally` holds its
/// last line.
Exit verifyQuietly(ir::Estate& estate, Invocation const& invocation, llvm::StringRef version,
                   AssumptionPolicy policy, FileSystem& files, Console& console,
                   diag::Diagnostics& diags, std::string& tally);

/// The horizon, budget and names of a comparison of two versions; nothing, with a finding, when
/// `--map` cannot be used.
std::optional<equivalence::DiffOptions> diffOptions(Invocation const& invocation, FileSystem& files,
                                                    diag::Diagnostics& diags);

/// Compares two linked estates (`hoist diff`, and `hoist drift`, which also judges certificates).
Exit diffEstates(ir::Estate const& before, ir::Estate const& after, Invocation const& invocation,
                 FileSystem& files, Console& console, diag::Diagnostics& diags);

} // namespace hoist
