// Commands and options: two tables that drive parsing, `--help` and docs/cli.md.
#pragma once

#include "frontend/diag/Diagnostics.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringRef.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hoist {

/// What the command line says.
struct Invocation {
    std::vector<std::string> operands; ///< paths, or the code of `explain`
    std::string outputFolder, dialect, config, cronFlavour, timezone;
    std::string color = "auto";
    std::string format;
    std::string scenario, explainedJob; ///< of `simulate`
    std::vector<std::string> defines, properties, outputs;
    std::vector<std::string> selects, ignores, severities; ///< of findings
    std::string failOn, baseline;
    std::string against;      ///< of `hoist gate` a revision, of `hoist drift` the fresh export
    std::string code, object; ///< of `hoist reduce`: the finding
    std::string history;      ///< of `map` and `inventory`: a file of runs
    std::string plan;         ///< of `map`: plan.lock.toml
    std::string verb;         ///< of `hoist baseline`: write, check or prune
    unsigned jobs = 0;        ///< 0: one per processor
    unsigned maxFindings = 0; ///< 0: all
    // verify
    std::string dags, python, serialized, manifest, map, certificates;
    std::vector<std::string> require;
    unsigned horizon = 0; ///< days; 0: the export's
    unsigned budget = 0;  ///< conflicts of the solver; 0: the default
    bool overwriteEdited = false;
    // plan
    std::string lock;    ///< path of plan.lock.toml; of `runbook`, too
    std::string bridges; ///< of `plan`: the folder for what each wave changes in legacy schedulers
    bool replan = false; ///< start over
    // check
    bool changed = false;
    std::string estate;                       ///< of --changed
    bool fix = false, unsafeFixes = false;    ///< of `check`
    bool showDiff = false, checkOnly = false; ///< of `fmt` and `plan`; `check` shows too
    bool help = false;

    unsigned threads() const; ///< at least one
};

enum class Command : uint8_t {
    check,
    fmt,
    build,
    baseline,
    graph,
    inventory,
    map,
    coverage,
    verify,
    diff,
    gate,
    drift,
    simulate,
    plan,
    runbook,
    redact,
    reduce,
    init,
    config,
    explain,
    completions,
    version
};

struct CommandRow {
    Command command;
    llvm::StringLiteral name;
    llvm::StringLiteral operands; ///< as shown in usage; empty: none
    bool needsOperand;
    llvm::StringLiteral summary;
    llvm::StringLiteral operandChoices = ""; ///< the one operand is one of these
};

using OptionTarget =
    std::variant<bool Invocation::*, unsigned Invocation::*, std::string Invocation::*,
                 std::vector<std::string> Invocation::*>;

struct OptionRow {
    llvm::StringLiteral flags; ///< "-o,--output-folder"
    llvm::StringLiteral value; ///< "DIR"; empty for a switch
    OptionTarget target;
    unsigned commands;           ///< bit per Command
    llvm::StringLiteral choices; ///< "auto always never"; empty: anything
    llvm::StringLiteral help;
};

llvm::ArrayRef<CommandRow> commandRows();
llvm::ArrayRef<OptionRow> optionRows();
bool belongsTo(OptionRow const& option, CommandRow const& command);
/// The values that an option takes; empty: anything.
llvm::SmallVector<llvm::StringRef, 6> choicesOf(OptionRow const& option);

struct ParsedCommand {
    CommandRow const* row = nullptr; ///< none: help for the whole tool
    Invocation invocation;
};

/// Reads the arguments; what is wrong is reported, and then there is no result.
std::optional<ParsedCommand> parseCommandLine(llvm::ArrayRef<llvm::StringRef> args,
                                              diag::Diagnostics& diags);

/// `hoist --help`, or of one command.
std::string helpText(CommandRow const* command);
/// The page docs/cli.md.
std::string cliPage();

} // namespace hoist
