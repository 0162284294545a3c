// One pass over a value; values without `{` and `%` cost one search.
#include "frontend/jil/Placeholders.h"

namespace hoist::jil {

static bool isNameChar(char c) { return llvm::isAlnum(c) || c == '_' || c == '.' || c == '-'; }

namespace {
struct Placeholder {
    llvm::StringRef text, name;
    bool isTemplate = false; ///< `~{$X}~`: cannot be a shell's
};
} // namespace

/// The placeholder that begins at `from`, or an empty one.
static Placeholder placeholderAt(llvm::StringRef value, size_t from) {
    llvm::StringRef const rest = value.substr(from);
    auto const named = [&](llvm::StringRef open, llvm::StringRef close,
                           bool isTemplate) -> Placeholder {
        if (!rest.starts_with(open))
            return {};
        llvm::StringRef const name = rest.drop_front(open.size()).take_while(isNameChar);
        if (name.empty() || !rest.drop_front(open.size() + name.size()).starts_with(close))
            return {};
        return {rest.take_front(open.size() + name.size() + close.size()), name, isTemplate};
    };
    switch (rest.front()) {
    case '~':
        if (Placeholder const found = named("~{$", "}~", true); !found.name.empty())
            return found;
        return named("~{", "}~", true);
    case '$':
        if (from > 0 && value[from - 1] == '$') // `$${G}`: JIL-162
            return {};
        return named("${", "}", false);
    case '%': return named("%", "%", false);
    default: return {};
    }
}

llvm::StringRef Placeholders::resolve(llvm::StringRef value, Span where, ValueKind kind,
                                      llvm::StringRef object) {
    if (value.find_first_of("{%") == llvm::StringRef::npos)
        return value;
    std::string out;
    size_t copied = 0;
    bool isReplaced = false;
    for (size_t i = 0; i < value.size();) {
        Placeholder const found = placeholderAt(value, i);
        if (found.name.empty()) {
            ++i;
            continue;
        }
        auto const define = estate.settings.defines.find(found.name.str());
        if (define != estate.settings.defines.end()) {
            out += value.slice(copied, i);
            out += define->second;
            copied = i + found.text.size();
            isReplaced = true;
        } else if (found.isTemplate || !isExpandedAtRunTime(kind)) {
            auto const begin = where.begin + static_cast<uint32_t>(i);
            diags
                .report<diag::Code::UnresolvedPlaceholder>(
                    {begin, begin + static_cast<uint32_t>(found.text.size())}, found.text)
                .object(object)
                .evidence(found.text)
                .help("give it a value with `-D " + found.name.str() +
                      "=VALUE` or `--properties FILE`");
        }
        i += found.text.size();
    }
    if (!isReplaced)
        return value;
    out += value.substr(copied);
    return estate.save(out);
}

} // namespace hoist::jil
