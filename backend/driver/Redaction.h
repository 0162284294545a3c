// Words replaced by others of the same shape.
//
// A replacement has the length of the word and, place by place, its kind of character: capital,
// small letter, digit, other. So lengths, columns, what is a number, and names that differ in case
// only all stay as they were. Replacements are counted out in the order in which words appear, so
// nothing of a word but its shape is in them; and no replacement is a word of the originals, of a
// source language, or of those that checks look for.
#pragma once

#include "frontend/base/Marks.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringSet.h>

#include <map>
#include <string>

namespace hoist {

class Redaction {
public:
    Redaction();

    /// Every file is learnt before the first one is written.
    void learn(llvm::StringRef bytes);
    std::string write(Marks const& marks);
    /// As a name is written anywhere in the files.
    std::string nameOf(llvm::StringRef name);
    /// Lower-case word to lower-case replacement, in byte order.
    std::map<std::string, std::string> words() const;

private:
    void writeName(llvm::StringRef word, std::string& out);
    void writeText(llvm::StringRef bytes, size_t begin, llvm::StringRef word, std::string& out);
    llvm::StringRef replacementOf(std::string const& lowered);
    std::string fresh(llvm::StringRef lowered);

    struct Class { ///< all words of one shape
        uint64_t next = 0;
        bool takesOriginals = false; ///< all others are used up
    };
    llvm::StringSet<> originals, forbidden, used;
    llvm::StringMap<Class> classes;
    llvm::StringMap<std::string> replacements;
};

} // namespace hoist
