// Global variables in texts: those that a text reads (JIL-162), those that a command sets, and what
// a command tells the scheduler.
#pragma once

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringRef.h>

#include <algorithm>

namespace hoist::analysis {

/// `$$NAME` or `$${NAME}` at the front of a text (JIL-162). A name goes on as long as names may.
struct GlobalRead {
    llvm::StringRef name;
    size_t size = 0; ///< of all of it
};
inline GlobalRead globalAtFront(llvm::StringRef text) {
    llvm::StringRef rest = text.drop_front(2);
    if (rest.consume_front("{")) {
        llvm::StringRef const name = rest.take_until([](char c) { return c == '}'; });
        return {name, std::min(text.size(), name.size() + 4)};
    }
    llvm::StringRef const name = rest.take_while(
        [](char c) { return llvm::isAlnum(c) || llvm::StringRef("_.#-").contains(c); });
    return {name, name.size() + 2};
}

/// Visits the name of each global that a text reads.
template <class Visit>
void forEachGlobalRead(llvm::StringRef text, Visit visit) {
    for (size_t at = text.find("$$"); at != llvm::StringRef::npos; at = text.find("$$", at)) {
        GlobalRead const read = globalAtFront(text.drop_front(at));
        if (!read.name.empty())
            visit(read.name);
        at += read.size;
    }
}

/// `sendevent -E SET_GLOBAL -G "NAME=value"`: visits each NAME.
template <class Visit>
void forEachGlobalSet(llvm::StringRef command, Visit visit) {
    if (!command.contains_insensitive("SET_GLOBAL"))
        return;
    for (size_t at = command.find("-G"); at != llvm::StringRef::npos;
         at = command.find("-G", at + 2)) {
        llvm::StringRef const rest = command.drop_front(at + 2).ltrim(" \t\"'\\");
        visit(rest.take_until([](char c) { return c == '=' || c == ' ' || c == '"'; }));
    }
}

/// `sendevent -E EVENT -J NAME`: visits (EVENT, NAME). What the shell would still change
/// (variables, substitutions) is visited as it stands, and names no job.
template <class Visit>
void forEachEventSent(llvm::StringRef command, Visit visit) {
    llvm::SmallVector<llvm::StringRef, 16> words;
    if (command.contains("sendevent"))
        llvm::SplitString(command, words, " \t\n");
    llvm::StringRef event, job, option;
    bool isSending = false;
    auto const finish = [&] {
        if (isSending && !event.empty() && !job.empty())
            visit(event, job);
        isSending = false;
        event = job = option = {};
    };
    for (llvm::StringRef word : words) {
        bool const endsCommand = word.ends_with(";") || word == "&&" || word == "||" || word == "|";
        llvm::StringRef const bare = word.trim("\"'\\;()&|`$");
        if (bare == "sendevent" || bare.ends_with("/sendevent")) {
            finish();
            isSending = true;
        } else if (!option.empty()) {
            (option == "-E" ? event : job) = bare;
            option = {};
        } else if (bare.starts_with("-E") || bare.starts_with("-J")) {
            if (bare.size() == 2)
                option = bare;
            else
                (bare.starts_with("-E") ? event : job) = bare.drop_front(2);
        }
        if (endsCommand)
            finish();
    }
    finish();
}

} // namespace hoist::analysis
