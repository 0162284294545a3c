// A shell's words and operators, one after the other; nothing is evaluated.
#include "analysis/migration/WrittenFiles.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <string>
#include <utility>

namespace hoist::migration {
namespace {

class Reader {
public:
    Reader(llvm::StringRef command, llvm::function_ref<void(llvm::StringRef)> toVisit)
        : rest(command), visit(toVisit) {}

    void run() {
        while (!rest.empty()) {
            char const c = rest.front();
            if (c == ' ' || c == '\t') {
                rest = rest.drop_front();
            } else if (c == '#') {
                rest = rest.drop_until([](char each) { return each == '\n'; });
            } else if (rest.starts_with("<<") || rest.starts_with("<(") || rest.starts_with(">(")) {
                return;
            } else if (rest.starts_with("&>")) {
                redirect();
            } else if (llvm::StringRef(";&|()\n").contains(c)) {
                rest = rest.drop_front();
                endCommand();
            } else if (c == '<' || c == '>') {
                redirect();
            } else {
                word();
            }
        }
    }

private:
    void endCommand() {
        place = Place::command;
        isSkipping = false;
    }

    /// An operator at the front, and the word behind it.
    void redirect() {
        llvm::StringRef const sign =
            rest.take_while([](char c) { return llvm::StringRef("<>&|").contains(c); });
        rest = rest.drop_front(sign.size());
        rest = rest.ltrim(" \t");
        bool const duplicates = sign == ">&" || sign == "<&";
        if (rest.empty() || llvm::StringRef(";&|()<>\n").contains(rest.front()))
            return;
        std::string path;
        bool const isCertain = text(path);
        if (!duplicates && sign != "<" && isCertain)
            tell(path);
    }

    void word() {
        std::string read;
        llvm::StringRef const before = rest;
        bool const isCertain = text(read);
        // The number of a stream belongs to the operator behind it.
        bool const isStream = !rest.empty() && (rest.front() == '>' || rest.front() == '<') &&
                              llvm::all_of(before.drop_back(rest.size()), llvm::isDigit);
        if (isStream)
            return;
        llvm::StringRef const name = llvm::StringRef(read).rsplit('/').second.empty()
                                         ? llvm::StringRef(read)
                                         : llvm::StringRef(read).rsplit('/').second;
        switch (place) {
        case Place::command:
            // What stands before a command, or opens a list of commands, leaves the place as it is.
            if (isAssignment(read) || llvm::is_contained(leading, name))
                return;
            place = !isCertain        ? Place::other
                    : name == "tee"   ? Place::tee
                    : name == "touch" ? Place::touch
                                      : Place::other;
            return;
        case Place::tee:
        case Place::touch:
            if (std::exchange(isSkipping, false) || !isCertain)
                return;
            if (llvm::StringRef(read).starts_with("-") && read != "-") {
                option(read);
                return;
            }
            tell(read);
            return;
        case Place::other: return;
        }
    }

    void option(llvm::StringRef read) {
        if (place == Place::tee)
            return;
        bool const isLong = read.starts_with("--");
        if ((isLong && read == "--no-create") || (!isLong && read.contains('c')))
            place = Place::other; // makes no file
        else if (!isLong && llvm::StringRef("drt").contains(read.back()))
            isSkipping = true; // its value is the next word
        else if (read == "--date" || read == "--reference" || read == "--time")
            isSkipping = true;
    }

    static bool isAssignment(llvm::StringRef read) {
        llvm::StringRef const name =
            read.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
        return !name.empty() && !llvm::isDigit(name.front()) &&
               read.drop_front(name.size()).starts_with("=");
    }

    /// A word without its quotes. False: the shell would make something else of it.
    bool text(std::string& out) {
        bool isCertain = true, isQuoted = false;
        while (!rest.empty()) {
            char const c = rest.front();
            if (!isQuoted && llvm::StringRef(" \t\n;&|()<>").contains(c))
                break;
            if (c == '\'' && !isQuoted) {
                size_t const end = rest.find('\'', 1);
                isCertain &= end != llvm::StringRef::npos;
                out += rest.slice(1, end).str();
                rest = rest.drop_front(std::min(end, rest.size() - 1) + 1);
                continue;
            }
            if (c == '\\' && rest.size() > 1 &&
                (!isQuoted || llvm::StringRef("$`\"\\\n").contains(rest[1]))) {
                if (rest[1] != '\n')
                    out += rest[1];
                isCertain &= rest[1] != '$'; // no global of JIL either
                rest = rest.drop_front(2);
                continue;
            }
            if (c == '$' || c == '`') {
                isCertain &= expansion(out);
                continue;
            }
            if (c == '"')
                isQuoted = !isQuoted;
            else
                out += c;
            isCertain &= isQuoted || !llvm::StringRef("*?[{~").contains(c);
            rest = rest.drop_front();
        }
        return isCertain && !isQuoted;
    }

    /// What begins with `$` or a backtick, passed as a whole.
    bool expansion(std::string& out) {
        if (rest.starts_with("$$")) {
            out += "$$";
            rest = rest.drop_front(2);
            if (rest.starts_with("{")) { // `$${NAME}`
                size_t const size = std::min(rest.find('}'), rest.size() - 1) + 1;
                out += rest.take_front(size).str();
                rest = rest.drop_front(size);
            }
            return true;
        }
        if (rest.starts_with("$(")) {
            size_t depth = 0, at = 1;
            do {
                depth += rest[at] == '(' ? 1 : 0;
                depth -= rest[at] == ')' ? 1 : 0;
            } while (++at < rest.size() && depth > 0);
            rest = rest.drop_front(at);
        } else if (char const close = rest.starts_with("${") ? '}'
                                      : rest.front() == '`'  ? '`'
                                                             : '\0') {
            size_t const end = rest.find(close, 1);
            rest = rest.drop_front(std::min(end, rest.size() - 1) + 1);
        } else {
            rest = rest.drop_front();
        }
        return false;
    }

    void tell(llvm::StringRef path) {
        bool const isAbsolute = path.starts_with("/") || path.starts_with("$$");
        if (isAbsolute && !path.starts_with("/dev/") && !path.ends_with("/"))
            visit(path);
    }

    static constexpr llvm::StringLiteral leading[] = {"exec",  "nohup", "sudo", "time", "command",
                                                      "if",    "then",  "else", "elif", "do",
                                                      "while", "until", "{",    "!"};
    enum class Place : uint8_t { command, tee, touch, other } place = Place::command;
    bool isSkipping = false; ///< the next word is the value of an option
    llvm::StringRef rest;
    llvm::function_ref<void(llvm::StringRef)> visit;
};

} // namespace

void forEachWrittenFile(llvm::StringRef command, llvm::function_ref<void(llvm::StringRef)> visit) {
    if (command.contains('>') || command.contains("tee") || command.contains("touch"))
        Reader(command, visit).run();
}

} // namespace hoist::migration
