// The same reading as hoist_airflow/autoedit.py; tests/vectors/autoedit.json holds both to it.
#include "backend/airflow/AutoEdit.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

namespace hoist::airflow {

static bool isNameCharacter(char c) { return llvm::isAlnum(c) || c == '_'; }

/// The length of the name at the beginning of a text.
static size_t nameLength(llvm::StringRef text) {
    size_t at = text.starts_with("$") ? 1 : 0;
    if (at >= text.size() || !llvm::isAlpha(text[at]))
        return 0;
    while (at < text.size() && isNameCharacter(text[at]))
        ++at;
    return at;
}

VariablesUsed variablesIn(llvm::StringRef text) {
    VariablesUsed used;
    for (size_t at = text.find("%%"); at != llvm::StringRef::npos; at = text.find("%%", at)) {
        llvm::StringRef const rest = text.substr(at + 2);
        size_t const length = nameLength(rest);
        llvm::StringRef const behind = rest.substr(length);
        auto const isUnclear = [&] { // what else could belong to a name, or to what joins names
            if (length == 0)
                return true;
            if (behind.empty() || behind.starts_with("..") || behind.starts_with(".%%"))
                return false;
            char const next = behind.front();
            return llvm::StringRef("$#@.\\%-").contains(next) ||
                   (static_cast<unsigned char>(next) & 0x80) != 0;
        };
        if (isUnclear()) {
            used.unclear = text.substr(at, 40);
            return used;
        }
        used.names.push_back(rest.take_front(length));
        at += 2 + length + (behind.starts_with("..") ? 2 : behind.starts_with(".%%") ? 1 : 0);
    }
    return used;
}

/// CTM-103: a function and its arguments are a whole value.
VariablesUsed variablesInValue(llvm::StringRef text) {
    llvm::StringRef rest = text;
    size_t wanted = 2;
    if (rest.consume_front("%%SUBSTR "))
        wanted = 3;
    else if (!rest.consume_front("%%CALCDATE ") && !rest.consume_front("%%$CALCDATE ") &&
             !rest.consume_front("%%$CALCDTE "))
        return variablesIn(text);
    llvm::SmallVector<llvm::StringRef, 4> arguments;
    rest.split(arguments, ' ', -1, /*KeepEmpty=*/false);
    if (arguments.size() == wanted)
        return variablesIn(rest);
    VariablesUsed unclear;
    unclear.unclear = text.take_front(40);
    return unclear;
}

bool isSystemVariable(llvm::StringRef name) {
    static constexpr llvm::StringLiteral known[] = {"ODATE", "$ODATE", "ODAY", "OMONTH",
                                                    "OYEAR", "$OYEAR", "DATE", "$DATE",
                                                    "TIME",  "RDATE",  "BLANK"};
    return llvm::is_contained(known, name);
}

bool isOfJob(llvm::StringRef name) {
    return name == "JOBNAME" || name == "APPLIC" || name == "GROUP";
}

bool isPlainVariable(llvm::StringRef name) {
    return nameLength(name) == name.size() && !name.empty();
}

} // namespace hoist::airflow
