// A word is what it is by what stands around it: `(` behind it makes it a function, and inside the
// parenthesis of a function a name comes first, then `^` and an instance, then `,` and a look-back.
#include "frontend/jil/ConditionText.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>

namespace hoist::jil {
namespace {

using Role = ConditionPiece::Role;

bool isBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Behind a word or a quoted text, as the parser delimits them.
size_t pieceEnd(llvm::StringRef text, size_t at) {
    if (text[at] != '"')
        return wordEnd(text, at);
    size_t p = at + 1;
    while (p < text.size() && text[p] != '"')
        p += text[p] == '\\' && p + 1 < text.size() ? 2 : 1;
    return std::min(p + 1, text.size());
}

} // namespace

size_t behindBlanks(llvm::StringRef text, size_t at) {
    while (at < text.size()) {
        if (isBlank(text[at])) {
            ++at;
        } else if (text.substr(at).starts_with("/*")) {
            size_t const close = text.find("*/", at + 2);
            if (close == llvm::StringRef::npos)
                break; // JIL-015: text, so an error there: what follows must not vanish
            at = close + 2;
        } else {
            break;
        }
    }
    return at;
}

size_t wordEnd(llvm::StringRef text, size_t at) {
    size_t p = at;
    while (p < text.size() && !isBlank(text[p]) &&
           !llvm::StringRef("(),^&|=<>\"").contains(text[p]) &&
           !(text[p] == '!' && p + 1 < text.size() && text[p + 1] == '='))
        p += text[p] == '\\' && p + 1 < text.size() ? 2 : 1;
    return std::max(p, at + 1);
}

std::vector<ConditionPiece> piecesOf(llvm::StringRef text) {
    enum class State : uint8_t { outer, name, instance, lookback, compared } state = State::outer;
    std::vector<ConditionPiece> pieces;
    bool isCode = false, followsFunction = false;
    for (size_t at = 0; at < text.size();) {
        size_t const next = behindBlanks(text, at);
        if (llvm::StringRef const gap = text.slice(at, next); gap.contains("/*"))
            pieces.push_back({Role::comment, gap});
        at = next;
        if (at == text.size())
            break;
        char const c = text[at];
        auto const sign = [&](Role role, size_t length = 1) {
            pieces.push_back({role, text.substr(at, length)});
            at = std::min(at + length, text.size());
        };
        if (c == '(') {
            state = followsFunction ? State::name : State::outer;
            sign(followsFunction ? Role::mark : Role::open);
            followsFunction = false;
            continue;
        }
        followsFunction = false;
        switch (c) {
        case ')':
            sign(state == State::outer || state == State::compared ? Role::close : Role::mark);
            state = State::outer;
            continue;
        case '^':
            sign(Role::mark);
            state = State::instance;
            continue;
        case ',':
            sign(Role::mark);
            state = State::lookback;
            continue;
        case '&':
        case '|':
            sign(Role::joint);
            state = State::outer;
            continue;
        case '=':
        case '<':
        case '>':
            sign(Role::mark);
            state = State::compared;
            continue;
        case '!':
            if (at + 1 < text.size() && text[at + 1] == '=') {
                sign(Role::mark, 2);
                state = State::compared;
                continue;
            }
            break;
        default: break;
        }
        size_t const end = pieceEnd(text, at);
        llvm::StringRef const word = text.slice(at, end);
        at = end;
        Role role = Role::stray;
        switch (state) {
        case State::name: role = Role::name; break;
        case State::instance: role = Role::instance; break;
        case State::lookback: role = Role::lookback; break;
        case State::compared:
            role = isCode ? Role::code : Role::value;
            state = State::outer;
            break;
        case State::outer:
            if (size_t const after = behindBlanks(text, end);
                after < text.size() && text[after] == '(') {
                role = Role::function;
                followsFunction = true;
                isCode = word.equals_insensitive("e") || word.equals_insensitive("exitcode");
            }
            if (word.equals_insensitive("and") || word.equals_insensitive("or")) {
                role = Role::joint;
                followsFunction = false;
            }
            break;
        }
        pieces.push_back({role, word});
    }
    return pieces;
}

} // namespace hoist::jil
