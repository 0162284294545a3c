// How to tell Control-M's files from others, and the order of reading them.
#include "frontend/controlm/Controlm.h"

#include "frontend/controlm/ReadJson.h"
#include "frontend/controlm/ReadXml.h"
#include "frontend/controlm/Taken.h"

#include <llvm/ADT/StringExtras.h>

namespace hoist::controlm {

bool isWide(llvm::StringRef head) {
    return head.starts_with("\xFE\xFF") || head.starts_with("\xFF\xFE") ||
           (head.size() > 1 && (head[0] == '\0' || head[1] == '\0'));
}

namespace {

/// The first bytes as ASCII: without a byte order mark and the zero bytes of UTF-16.
std::string asciiOf(llvm::StringRef head) {
    head.consume_front("\xEF\xBB\xBF");
    if (!isWide(head))
        return head.str();
    std::string text;
    for (char const c : head)
        if (c != '\0' && c != '\xFE' && c != '\xFF')
            text += c;
    return text;
}

/// The name of the root element; empty if the text is no XML, or the root lies further on.
llvm::StringRef rootOf(llvm::StringRef text) {
    while (true) {
        text = text.ltrim();
        if (text.consume_front("<?"))
            text = text.split("?>").second;
        else if (text.consume_front("<!--"))
            text = text.split("-->").second;
        else if (text.consume_front("<!DOCTYPE"))
            break; // what it declares may hold anything; it names the root
        else if (text.consume_front("<!"))
            text = text.split('>').second;
        else
            break;
    }
    if (!text.consume_front("<") && !llvm::isSpace(text.empty() ? 'x' : text.front()))
        return {};
    return text.ltrim().take_while([](char c) { return llvm::isAlnum(c) || c == '_' || c == ':'; });
}

/// Does a `"Type"` say what only the Automation API says?
bool hasApiType(llvm::StringRef text) {
    while (true) {
        size_t const at = text.find("\"Type\"");
        if (at == llvm::StringRef::npos)
            return false;
        text = text.drop_front(at + 6).ltrim();
        if (!text.consume_front(":"))
            continue;
        text = text.ltrim();
        for (llvm::StringRef type :
             {"\"Folder\"", "\"SimpleFolder\"", "\"SubFolder\"", "\"Job:", "\"Calendar:RuleBased\"",
              "\"ConnectionProfile:", "\"WaitForEvents\"", "\"AddEvents\""})
            if (text.starts_with(type))
                return true;
    }
}

} // namespace

bool isXml(llvm::StringRef head) {
    return llvm::StringRef(asciiOf(head)).ltrim().take_front(1) == "<" || head.trim().empty();
}

Likelihood sniff(llvm::StringRef path, llvm::StringRef head) {
    std::string const text = asciiOf(head);
    llvm::StringRef const root = rootOf(text);
    if (root == "DEFTABLE" || root == "DEFCAL")
        return Likelihood::certain;
    bool const isJson =
        llvm::StringRef("{\"/").contains(llvm::StringRef(text).ltrim().substr(0, 1)) &&
        !llvm::StringRef(text).trim().empty();
    if (!isJson || !hasApiType(text))
        return Likelihood::no;
    return path.ends_with_insensitive(".json") ? Likelihood::certain : Likelihood::possible;
}

void read(llvm::ArrayRef<FileId> files, ir::Estate& estate, diag::Diagnostics& diags) {
    Lowering lowering(estate, diags);
    for (FileId const file : files) {
        llvm::StringRef const head = estate.sources.bytes(file).take_front(1000);
        lowering.beginFile(!isXml(head));
        (isXml(head) ? readXmlFile : readJsonFile)(file, estate, diags, lowering);
    }
    lowering.finish();
}

} // namespace hoist::controlm
