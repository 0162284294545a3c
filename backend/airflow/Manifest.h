// hoist.manifest.json: what came from where, in which form, with what fidelity; and the site's
// other files.
#pragma once

#include "backend/airflow/Lower.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hoist::airflow {

inline constexpr int64_t manifestVersion = 1;

/// What the manifest says of one DAG file.
struct DagRecord {
    std::string file, sha256, dagId;
    ir::WorkflowId workflow;
    std::vector<std::string> assumptions, subscribedJobs, subscribedVariables;
    std::vector<std::pair<ir::JobId, std::string>> tasks; ///< job → task or group id
};

struct SiteFile {
    std::string name, bytes;
};

/// Lower-case hex.
std::string sha256(llvm::StringRef bytes);

/// `orderResources`: see LowerContext.
std::string manifest(ir::Estate const& estate, std::vector<DagRecord> const& dags,
                     std::vector<SiteFile> const& siteFiles,
                     std::map<std::string, int64_t> const& orderResources);

/// pools.json, connections.json, variables.json, calendars.json: only those that have content.
std::vector<SiteFile> siteFiles(LowerContext const& context);

/// File → SHA-256, of an earlier build's manifest. Nothing if it is no manifest that hoist can
/// read.
std::optional<std::map<std::string, std::string>> filesOfManifest(llvm::StringRef bytes);

} // namespace hoist::airflow
