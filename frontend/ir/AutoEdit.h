// Variables of Control-M in texts (CTM-100…105): which a text uses, and what it becomes. The same
// as hoist_airflow/autoedit.py; tests/vectors/autoedit.json holds both to it.
#pragma once

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hoist::ir {

/// `%%NAME` in a text: `NAME`, `\GLOBAL`, `\\OF_THE_FOLDER`, `\\POOL\NAME` (CTM-100).
struct VariablesUsed {
    std::vector<llvm::StringRef> names; ///< as they come, without `%%`
    llvm::StringRef unclear; ///< where it is not sure which variable is meant; empty: nowhere
};
VariablesUsed variablesIn(llvm::StringRef text);
/// Of the value of a variable, which may be a function of other values: `%%SUBSTR %%ODATE 3 4`.
VariablesUsed variablesInValue(llvm::StringRef text);

/// Is the value of a variable one, which may have none?
bool isFunction(llvm::StringRef value);

/// Does the server give it its value (CTM-101)? Only those that the shims resolve.
bool isSystemVariable(llvm::StringRef name);

/// Is it a name of the job, or one that groups it: known when it is compiled?
bool isOfJob(llvm::StringRef name);

/// Does it name what is counted over the executions of an order, or the order itself?
bool countsRuns(VariablesUsed const& used);

/// A name that a definition may give a value, without `%%`.
bool isPlainVariable(llvm::StringRef name);

/// What a statement sets, by its name with or without `%%`.
struct VariableName {
    enum class Owner : uint8_t {
        local,  ///< of the order of the job
        folder, ///< of the order of the SMART folder around it
        global, ///< of the server, by itself or in a pool
    } owner = Owner::local;
    llvm::StringRef name; ///< without what is in front of it
    std::string key;      ///< with all of it, and `%%`: what the ledger calls it
};
/// Nothing: it names none for sure.
std::optional<VariableName> readVariableName(llvm::StringRef text);

/// What the system variables of an order are read from at one instant.
struct TextMoment {
    int32_t orderDate = 0, workingDay = 0; ///< days since 1970-01-01
    int64_t local = 0;                     ///< what the server's clock shows
    unsigned runs = 1;                     ///< executions of the order, this one among them
    std::string orderId;
};

/// What a name stands for; `isFinal`: a value that was resolved when it was set.
struct VariableText {
    std::string text;
    bool isFinal = false;
};
using VariableLookup = llvm::function_ref<std::optional<VariableText>(llvm::StringRef name)>;

/// A text with all variables replaced.
struct ResolvedText {
    std::string text;
    std::string problem;       ///< not empty: why it has no value (CTM-104)
    std::string undefinedName; ///< the name that has none, where it is that
    bool isUnclear = false;    ///< hoist cannot tell what it means
};
ResolvedText resolveText(llvm::StringRef text, TextMoment const& moment, VariableLookup lookup);
/// The same of the value that a statement gives to a variable (CTM-103).
ResolvedText resolveValue(llvm::StringRef text, TextMoment const& moment, VariableLookup lookup);

/// So many values may stand behind one another.
inline constexpr unsigned deepestVariable = 20;

/// A system variable that has one value as long as the order is there: of its order date.
bool isFixed(llvm::StringRef name);

/// Five letters of base 36 (CTM-101).
std::string orderIdText(uint64_t number);

} // namespace hoist::ir
