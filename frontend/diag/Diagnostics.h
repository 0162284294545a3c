// One finding, and the engine that collects findings.
#pragma once

#include "frontend/base/Source.h"
#include "frontend/diag/Catalog.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringRef.h>

#include <fmt/core.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hoist::diag {

/// Another place involved; `text` says what is there.
struct Label {
    Span span;
    std::string text;
};

/// A line of a played counterexample: who tells it, what happened, and the job that it happened to.
struct Step {
    Span span;        ///< of the job's definition; invalid where the line is about no job
    std::string side; ///< "given", the dialect, "airflow", "before", "after"
    std::string text;
};

/// `safe`: cannot change meaning. `unsafe`: the user has to decide.
enum class Applicability : uint8_t { safe, unsafe };

struct Fix {
    Span span;
    std::string replacement;
    std::string title;
    Applicability applicability = Applicability::unsafe;
};

struct Diagnostic {
    Code code;
    Severity severity;
    Span span;               ///< where; invalid for findings about the whole run
    std::string message;     ///< already formatted, UTF-8 not guaranteed (names are bytes)
    std::string primaryText; ///< text under the caret, may be empty
    std::string object;      ///< the job, calendar … it is about; part of the fingerprint
    std::string evidence; ///< what makes it this finding and no other (fingerprint); often the text
                          ///< at `span`
    llvm::SmallVector<Label, 2> labels;
    std::vector<Step> story; ///< of `verify` and `diff`, in the order of time, side by side
    llvm::SmallVector<std::string, 1> notes;
    llvm::SmallVector<std::string, 1> helps;
    llvm::SmallVector<Fix, 1> fixes;

    // llvm::SmallVector does not promise that its move cannot throw, and a vector that grows would
    // copy each finding.
    Diagnostic() = default;
    Diagnostic(Diagnostic&&) noexcept = default;
    Diagnostic& operator=(Diagnostic&&) noexcept = default;
    Diagnostic(Diagnostic const&) = default;
    Diagnostic& operator=(Diagnostic const&) = default;
    ~Diagnostic() = default;
};

/// Adds to a finding that was just reported: `diags.report<Code::X>(…).object(name).label(…)`. It
/// must not outlive the full expression: the next report may move the finding.
class Builder {
public:
    explicit Builder(Diagnostic& diagnostic) : finding(diagnostic) {}
    Builder& primary(std::string text) {
        finding.primaryText = std::move(text);
        return *this;
    }
    Builder& object(llvm::StringRef name) {
        finding.object = name.str();
        return *this;
    }
    Builder& evidence(llvm::StringRef text) {
        finding.evidence = text.str();
        return *this;
    }
    Builder& label(Span span, std::string text) {
        if (span.isValid())
            finding.labels.push_back({span, std::move(text)});
        return *this;
    }
    Builder& step(Step step) {
        finding.story.push_back(std::move(step));
        return *this;
    }
    Builder& note(std::string text) {
        finding.notes.push_back(std::move(text));
        return *this;
    }
    Builder& help(std::string text) {
        finding.helps.push_back(std::move(text));
        return *this;
    }
    Builder& fix(Fix fix) {
        finding.fixes.push_back(std::move(fix));
        return *this;
    }

private:
    Diagnostic& finding;
};

/// How an argument is given to fmt, which does not know `StringRef`.
template <class T>
T const& shown(T const& value) {
    return value;
}
inline std::string_view shown(llvm::StringRef text) { return {text.data(), text.size()}; }

class Diagnostics {
public:
    /// Reports a finding; arguments are checked against the code's message at compile time. Pass
    /// names as `llvm::StringRef` or `std::string`.
    template <Code code, class... Args>
    Builder report(Span span, Args const&... args) {
        constexpr fmt::format_string<decltype(shown(args))...> format(info(code).message);
        return add(code, span,
                   fmt::vformat(fmt::string_view(format), fmt::make_format_args(shown(args)...)));
    }

    /// Asked for each finding when it is taken: true = suppressed (counted, not kept). Set by the
    /// driver.
    std::function<bool(Diagnostic const&)> isSuppressed;

    std::vector<Diagnostic> const& all() const { return findings; }
    std::vector<Diagnostic>& all() { return findings; }
    /// Stable order for users: by position (findings without one first), then code, then message.
    void sort();
    size_t count(Severity severity) const;
    bool hasErrors() const { return count(Severity::error) > 0; }
    /// Moves the findings of another engine (of a thread, of a file) to the end of this one.
    void absorb(Diagnostics&& other);

private:
    Builder add(Code code, Span span, std::string message);
    std::vector<Diagnostic> findings;
};

} // namespace hoist::diag
