// Which jobs of a newer version are jobs of the older one under another name.
#pragma once

#include "frontend/ir/Estate.h"

#include <map>
#include <string>

namespace hoist::equivalence {

/// Old name → new name, of jobs that one version lacks. Two belong together when everything they
/// say but their names is the same and no other pair could be meant; boxes also by what is in them.
/// What others say of them is not looked at: `diff` with these names does. Linear in the jobs, but
/// for boxes renamed inside renamed boxes, which take a round each.
std::map<std::string, std::string> findRenames(ir::Estate const& before, ir::Estate const& after);

} // namespace hoist::equivalence
