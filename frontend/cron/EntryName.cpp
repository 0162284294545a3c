// The name of a crontab entry's job: the program in command position, and a hash of what the entry
// says.
#include "frontend/cron/EntryName.h"

#include "frontend/cron/Line.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>
#include <llvm/Support/SHA1.h>

namespace hoist::cron {
namespace {

/// Words that stand where a command stands, but say nothing about what the entry is for.
bool isWrapper(llvm::StringRef word) {
    return llvm::StringSwitch<bool>(word)
        .Cases("if", "then", "else", "do", "[", "[[", "test", "cd", "export", "set", true)
        .Cases("exec", "command", "sudo", "nice", "ionice", "env", "true", ":", "!", "(", true)
        .Cases("{", "sleep", "umask", ".", "source", "while", "for", true)
        .Default(false);
}

bool isSeparator(llvm::StringRef word) {
    return word == "&&" || word == "||" || word == ";" || word == "|" || word == "then" ||
           word == "do" || word == "else" || word == "(" || word == "{";
}

llvm::StringRef programOf(llvm::StringRef command) {
    llvm::StringRef first;
    bool isCommandPosition = true;
    for (size_t at = 0; at < command.size();) {
        llvm::StringRef word = nextColumn(command, at).in(command);
        if (word.empty())
            break;
        if (first.empty())
            first = word;
        bool const isAssignment = word.contains('=') && !word.contains('/');
        if (isCommandPosition && !isWrapper(word) && !isSeparator(word) && !isAssignment)
            return word;
        // `sudo`, `nice`, `if` and the like are followed by the command itself.
        bool const passesOn =
            llvm::StringSwitch<bool>(word)
                .Cases("if", "exec", "command", "sudo", "nice", "ionice", "env", "!", true)
                .Default(false);
        isCommandPosition = isSeparator(word) || word.ends_with(";") ||
                            (isCommandPosition && (passesOn || isAssignment));
    }
    return first;
}

} // namespace

std::string entryName(llvm::StringRef user, llvm::StringRef schedule, llvm::StringRef command) {
    llvm::SHA1 hash;
    for (llvm::StringRef part : {user, schedule, command}) {
        hash.update(part);
        hash.update(llvm::StringRef("\0", 1));
    }
    std::string name;
    if (!user.empty())
        name = user.str() + ".";
    llvm::StringRef program = programOf(command).take_front(200);
    program = program.substr(program.rtrim('/').rfind('/') + 1);
    size_t const before = name.size();
    for (char const c : program.take_front(40))
        if (llvm::isAlnum(c) || c == '-' || c == '_' || c == '.')
            name += c;
    if (name.size() == before)
        name += "entry";
    return name + "." + llvm::toHex(llvm::ArrayRef(hash.final()).take_front(4), /*LowerCase=*/true);
}

} // namespace hoist::cron
