// Each shell wants the same facts in its own words: the commands, the options of each, and what may
// follow an option or stand as an operand: one of a few words, a folder, a file, or anything.
#include "backend/driver/Completions.h"

#include "backend/driver/CommandLine.h"
#include "frontend/diag/Catalog.h"
#include "frontend/diag/Diagnostics.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

#include <algorithm>

namespace hoist {
namespace {

using diag::shown;

enum class Kind : uint8_t { none, words, folder, file, anything };

/// What may be typed at one place.
struct Place {
    Kind kind = Kind::none;
    std::string words; ///< with blanks between them
};

Place valueOf(OptionRow const& option) {
    if (option.value.empty())
        return {};
    if (auto const choices = choicesOf(option); !choices.empty())
        return {Kind::words, llvm::join(choices, " ")};
    if (option.value == "DIR")
        return {Kind::folder, {}};
    if (option.value == "FILE" || option.value == "PATH")
        return {Kind::file, {}};
    return {Kind::anything, {}};
}

Place operandOf(CommandRow const& command) {
    if (command.operands.empty())
        return {};
    if (!command.operandChoices.empty())
        return {Kind::words, command.operandChoices.str()};
    if (command.command != Command::explain)
        return {Kind::file, {}};
    std::string codes;
    for (diag::CodeInfo const& info : diag::catalog)
        codes += (codes.empty() ? "" : " ") + std::string(info.id);
    return {Kind::words, codes};
}

bool isRepeatable(OptionRow const& option) {
    return std::holds_alternative<std::vector<std::string> Invocation::*>(option.target);
}

llvm::SmallVector<llvm::StringRef, 2> flagsOf(OptionRow const& option) {
    llvm::SmallVector<llvm::StringRef, 2> flags;
    llvm::StringRef(option.flags).split(flags, ',');
    return flags;
}

/// The help without its small print: what fits beside an option.
std::string brief(llvm::StringRef help) {
    for (llvm::StringRef const end : {" (", "; "})
        help = help.split(end).first;
    return help.str();
}

/// In single quotes, for a POSIX shell.
std::string quoted(llvm::StringRef text) {
    std::string out = "'";
    for (char const c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string escaped(llvm::StringRef text, llvm::StringRef special) {
    std::string out;
    for (char const c : text) {
        if (special.contains(c))
            out += '\\';
        out += c;
    }
    return out;
}

template <class Visit>
void forEachOption(CommandRow const& command, Visit visit) {
    for (OptionRow const& option : optionRows())
        if (belongsTo(option, command))
            visit(option);
}

std::string commandNames() {
    std::string names;
    for (CommandRow const& command : commandRows())
        names += (names.empty() ? "" : " ") + command.name.str();
    return names;
}

// bash: a function that fills COMPREPLY; `-o default` falls back to file names where it is empty.

std::string bashReply(Place const& place) {
    switch (place.kind) {
    case Kind::words:
        return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$current\"))", place.words);
    case Kind::folder:
        return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$current\")";
    case Kind::none:
    case Kind::anything: return "compopt +o default";
    case Kind::file: break;
    }
    return ":";
}

std::string bash() {
    std::string out =
        fmt::format("# Completion of hoist for bash: source it, or put it into "
                    "bash-completion's folder as `hoist`.\n"
                    "_hoist() {{\n"
                    "    local current=${{COMP_WORDS[COMP_CWORD]}} before=$((COMP_CWORD - 1))\n"
                    "    COMPREPLY=()\n"
                    "    # bash takes `--format=dot` for three words.\n"
                    "    [ \"$current\" != = ] || {{ current=; before=$COMP_CWORD; }}\n"
                    "    [ \"${{COMP_WORDS[before]}}\" != = ] || before=$((before - 1))\n"
                    "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
                    "        COMPREPLY=($(compgen -W '{} --help --version' -- \"$current\"))\n"
                    "        return\n"
                    "    fi\n"
                    "    case \"${{COMP_WORDS[1]}} ${{COMP_WORDS[before]}}\" in\n",
                    commandNames());
    for (CommandRow const& command : commandRows())
        forEachOption(command, [&](OptionRow const& option) {
            Place const value = valueOf(option);
            if (value.kind == Kind::none)
                return;
            std::string patterns;
            for (llvm::StringRef flag : flagsOf(option))
                patterns += fmt::format("{}'{} {}'", patterns.empty() ? "" : "|",
                                        shown(llvm::StringRef(command.name)), shown(flag));
            out += fmt::format("        {}) {}; return ;;\n", patterns, bashReply(value));
        });
    out += "    esac\n    case \"${COMP_WORDS[1]} $current\" in\n";
    for (CommandRow const& command : commandRows()) {
        std::string flags;
        forEachOption(command, [&](OptionRow const& option) {
            for (llvm::StringRef flag : flagsOf(option))
                flags += (flags.empty() ? "" : " ") + flag.str();
        });
        llvm::StringRef const name = command.name;
        out += fmt::format("        '{} -'*) {} ;;\n        '{} '*) {} ;;\n", shown(name),
                           bashReply({Kind::words, flags}), shown(name),
                           bashReply(operandOf(command)));
    }
    return out + "    esac\n}\ncomplete -o default -F _hoist hoist\n";
}

// zsh: `_arguments` does the work; a colon separates its fields, brackets enclose a help text.

std::string zshAction(Place const& place) {
    switch (place.kind) {
    case Kind::words: return "(" + place.words + ")";
    case Kind::folder: return "_files -/";
    case Kind::file: return "_files";
    case Kind::none:
    case Kind::anything: break;
    }
    return {};
}

std::string zshOption(OptionRow const& option) {
    auto const flags = flagsOf(option);
    std::string const exclusion = isRepeatable(option) ? "*" : "(" + llvm::join(flags, " ") + ")";
    std::string rest = "[" + escaped(brief(option.help), "[]\\") + "]";
    if (Place const value = valueOf(option); value.kind != Kind::none)
        rest += ":" + escaped(option.value, ":") + ":" + zshAction(value);
    std::string out;
    for (llvm::StringRef flag : flags)
        out += " " + quoted(exclusion + flag.str() +
                            // With it, both `--flag=value` and `--flag value`.
                            (flag.starts_with("--") && !option.value.empty() ? "=" : "") + rest);
    return out;
}

std::string zsh() {
    std::string out = "#compdef hoist\n"
                      "# Completion of hoist for zsh: a file `_hoist` in a folder of $fpath, or "
                      "sourced after compinit.\n"
                      "_hoist() {\n    local -a commands\n    commands=(\n";
    for (CommandRow const& command : commandRows())
        out +=
            "        " + quoted(command.name.str() + ":" + escaped(command.summary, ":\\")) + "\n";
    out += "    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        "
           "return\n    fi\n    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n"
           "    case $command in\n";
    for (CommandRow const& command : commandRows()) {
        out += "        " + command.name.str() + ")\n            _arguments -s -S";
        forEachOption(command, [&](OptionRow const& option) {
            out += " \\\n               " + zshOption(option);
        });
        if (Place const operand = operandOf(command); operand.kind != Kind::none)
            out += " \\\n                " +
                   quoted("*:" + escaped(command.operands, ":") + ":" + zshAction(operand));
        out += " ;;\n";
    }
    return out +
           "    esac\n}\nif [ \"$funcstack[1]\" = _hoist ]; then\n    _hoist \"$@\"\nelse\n    "
           "compdef _hoist hoist\nfi\n";
}

// fish: one `complete` a fact. Within its single quotes only \ and ' are special.

std::string fishQuoted(llvm::StringRef text) { return "'" + escaped(text, "\\'") + "'"; }

std::string fishValue(Place const& place) {
    switch (place.kind) {
    case Kind::none: return {};
    case Kind::words: return " -x -a " + fishQuoted(place.words);
    case Kind::folder: return " -x -a '(__fish_complete_directories)'";
    case Kind::file: return " -r -F";
    case Kind::anything: break;
    }
    return " -x";
}

std::string fish() {
    std::string out = "# Completion of hoist for fish: ~/.config/fish/completions/hoist.fish\n"
                      "complete -c hoist -f\n";
    for (CommandRow const& command : commandRows())
        out += fmt::format("complete -c hoist -n __fish_use_subcommand -a {} -d {}\n",
                           shown(llvm::StringRef(command.name)), fishQuoted(command.summary));
    for (CommandRow const& command : commandRows()) {
        std::string const when =
            fmt::format("complete -c hoist -n '__fish_seen_subcommand_from {}'",
                        shown(llvm::StringRef(command.name)));
        switch (Place const operand = operandOf(command); operand.kind) {
        case Kind::file: out += when + " -F\n"; break;
        case Kind::words: out += when + " -a " + fishQuoted(operand.words) + "\n"; break;
        default: break;
        }
        forEachOption(command, [&](OptionRow const& option) {
            out += when;
            for (llvm::StringRef flag : flagsOf(option))
                out += flag.starts_with("--") ? " -l " + flag.drop_front(2).str()
                                              : " -s " + flag.drop_front(1).str();
            out += fishValue(valueOf(option)) + " -d " + fishQuoted(brief(option.help)) + "\n";
        });
    }
    return out;
}

} // namespace

std::string completionScript(llvm::StringRef shell) {
    return shell == "bash" ? bash() : shell == "zsh" ? zsh() : fish();
}

} // namespace hoist
