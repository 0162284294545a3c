// Variables of Control-M in texts (CTM-100…105): which a text uses, and whether the shims can tell.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>
#include <vector>

namespace hoist::airflow {

/// `%%NAME` in a text, as hoist_airflow/autoedit.py reads it.
struct VariablesUsed {
    std::vector<llvm::StringRef> names; ///< as they come, without `%%`
    llvm::StringRef unclear; ///< where it is not sure which variable is meant; empty: nowhere
};
VariablesUsed variablesIn(llvm::StringRef text);
/// Of the value of a variable, which may be a function of other values: `%%SUBSTR %%ODATE 3 4`.
VariablesUsed variablesInValue(llvm::StringRef text);

/// Does the server give it its value (CTM-101)? Only those that the shims resolve.
bool isSystemVariable(llvm::StringRef name);

/// Is it a name of the job, or one that groups it: known when it is compiled?
bool isOfJob(llvm::StringRef name);

/// A name that a definition may give a value, without `%%`.
bool isPlainVariable(llvm::StringRef name);

} // namespace hoist::airflow
