// hoist.toml, --properties and -D: the site's settings.
#pragma once

#include "backend/driver/CommandLine.h"
#include "backend/driver/Console.h"
#include "backend/driver/Gate.h"
#include "backend/driver/Policy.h"
#include "backend/driver/Suppressions.h"
#include "frontend/base/FileSystem.h"
#include "frontend/ir/Estate.h"

#include <map>
#include <string>
#include <vector>

namespace hoist {

/// What is said about the run; ir::Settings holds what is said about the estate.
struct RunSettings {
    Policy policy;
    std::vector<AllowRow> allowed;
    GateSettings gate;
    std::string baseline;     ///< path; empty: none
    std::string configFolder; ///< of hoist.toml
    std::string configFile;   ///< hoist.toml; empty: none
    /// Where a setting comes from: "hoist.toml:3", "--timezone"; what is absent is the default.
    std::map<std::string, std::string> origins;
    /// The places of the rows of `[[rule]]` and `[[allow]]`.
    std::map<std::string, std::vector<std::string>> rows;
};

/// Fills the settings: hoist.toml, then property files, then the command line, the later
/// winning. The files become sources of the estate, so that what is wrong in them is shown there.
void readSettings(Invocation const& invocation, FileSystem& files, Console const& console,
                  ir::Estate& estate, RunSettings& findings, diag::Diagnostics& diags);

/// The nearest hoist.toml from a PATH upwards; the root of a repository is the last folder looked
/// at. Empty: there is none.
std::string findConfig(llvm::StringRef path, FileSystem& files, Console const& console);

} // namespace hoist
