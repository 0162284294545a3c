// Python values as text: the only place where legacy data meets Python syntax.
#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hoist::airflow {

/// A Python string literal whose value, encoded as UTF-8 with `surrogateescape`, is exactly these
/// bytes. Quotes and escapes are chosen as `ruff format` would, so that it leaves them alone. One
/// line, printable; bytes that are no UTF-8 become lone surrogates, as Python itself does with file
/// names and command lines.
std::string pythonString(llvm::StringRef bytes);

/// Text for a comment or docstring line: one line, valid UTF-8, no control or bidirectional
/// characters, no quotes trouble.
std::string plainLine(llvm::StringRef bytes);

/// A Python expression.
struct Py {
    struct None {};
    struct Name {
        std::string text;
    }; ///< an identifier hoist chose
    struct Call;
    using List = std::vector<Py>;
    struct Tuple {
        List items;
    };
    using Dict = std::vector<std::pair<std::string, Py>>; ///< keys are strings

    using Keywords = std::vector<std::pair<std::string, Py>>;
    std::variant<None, bool, int64_t, std::string, Name, List, Tuple, Dict,
                 std::shared_ptr<Call const>>
        value;

    Py() = default;
    Py(bool b) : value(b) {}
    Py(int64_t n) : value(n) {}
    Py(int n) : value(int64_t(n)) {}
    Py(std::string s) : value(std::move(s)) {}
    Py(llvm::StringRef s) : value(s.str()) {}
    Py(char const* s) : value(std::string(s)) {}
    Py(Name n) : value(std::move(n)) {}
    Py(List l) : value(std::move(l)) {}
    Py(Tuple t) : value(std::move(t)) {}
    Py(Dict d) : value(std::move(d)) {}
    static Py name(std::string text) { return Py(Name{std::move(text)}); }
    /// `callee(positional…, keyword=…)`; `callee` is an identifier hoist chose.
    static Py call(std::string callee, List positional, Keywords keywords);
};

struct Py::Call {
    std::string callee;
    List positional;
    Keywords keywords;
};

/// Appends an expression as `ruff format` (88 columns) would leave it: on one line where it fits
/// after `column`, with `trailing` characters to follow, else one item a line with a trailing
/// comma.
void appendPython(std::string& out, Py const& value, unsigned indent, size_t column,
                  size_t trailing);

inline constexpr size_t pythonLineLength = 88;

} // namespace hoist::airflow
