// Runs a front end over input files whose own comments say what it must report, caret by caret:
//
//     insert_jbo: X
//     /*1^^^^^^^^^ error[P1004]: JIL has no statement `insert_jbo` */
//
// A line that begins with `/*` or `#`, has carets and a code is an expectation about the last line
// above it that is none (`@-2` behind the code: two lines further up). The carets stand under the
// text; where it begins in the columns that the comment's own opening takes, a digit is the column
// instead. The message needs to contain the text behind the colon. Every finding must be expected
// and every expectation be met; an expectation that cannot be read is a failure. Beside `x.jil` the
// golden `x.jil.ir` shows what reached the IR: each construct with its fate, and each job's
// condition. `--rewrite` writes expectations and goldens as they are now.
#include "frontend/Frontend.h"
#include "frontend/base/FileSystem.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

using namespace hoist;

namespace {

struct Expectation {
    uint32_t line = 0, column = 0, length = 0;
    std::string severity, code, text;
    uint32_t at = 0; ///< its own line
    bool isMet = false;
};

struct FileTest {
    Frontend const& frontend;
    std::string path, bytes;
    bool rewrites = false;
    int failures = 0;

    void fail(uint32_t line, std::string const& text) {
        std::fprintf(stderr, "%s:%u: %s\n", path.c_str(), line, text.c_str());
        ++failures;
    }
    void run();
};

} // namespace

static llvm::SmallVector<llvm::StringRef, 0> linesOf(llvm::StringRef text) {
    llvm::SmallVector<llvm::StringRef, 0> lines;
    text.split(lines, '\n');
    return lines;
}

/// False: the line is no expectation. `error` is set when it is one that cannot be read.
static bool readExpectation(llvm::StringRef line, Expectation& out, uint32_t& up,
                            std::string& error) {
    if (!line.starts_with("/*") && !line.starts_with("#"))
        return false;
    size_t const carets = line.find('^');
    if (carets == llvm::StringRef::npos || line.find_first_not_of("/*# 0123456789", 0) != carets)
        return false;
    size_t const end = std::min(line.find_first_not_of('^', carets), line.size());
    out.length = static_cast<uint32_t>(end - carets);
    out.column = static_cast<uint32_t>(carets) + 1;
    if (llvm::isDigit(line[carets - 1]))
        out.column = static_cast<uint32_t>(line[carets - 1] - '0');
    llvm::StringRef rest = line.substr(end).ltrim();
    auto const [severity, afterSeverity] = rest.split('[');
    auto const [code, afterCode] = afterSeverity.split(']');
    rest = afterCode;
    up = 0;
    if (rest.consume_front("@-") && rest.consumeInteger(10, up))
        error = "no number behind `@-`";
    if (!rest.consume_front(":") ||
        (severity != "error" && severity != "warning" && severity != "note") || code.size() != 5)
        error = "an expectation is `^^^ error[P1001]: text`";
    out.severity = severity.str();
    out.code = code.str();
    out.text = rest.trim().str();
    if (line.starts_with("/*"))
        out.text = llvm::StringRef(out.text)
                       .drop_back(llvm::StringRef(out.text).ends_with("*/") ? 2 : 0)
                       .rtrim()
                       .str();
    if (out.text.empty())
        error = "an expectation needs text";
    return true;
}

static std::string golden(ir::Estate const& estate,
                          std::map<uint32_t, uint32_t> const& lineWithoutExpectations) {
    std::string out;
    for (ir::ConstructId const id : estate.constructs.ids()) {
        ir::Construct const& construct = estate.constructs[id];
        uint32_t const line = estate.sources.start(construct.span).line;
        auto const known = lineWithoutExpectations.find(line);
        out += fmt::format("{} {}", known == lineWithoutExpectations.end() ? line : known->second,
                           std::string_view(estate.constructs.text(construct.kind)));
        if (construct.owner)
            out += fmt::format(" of {}", estate.jobs[construct.owner].name.str());
        if (construct.fate != diag::Fidelity::none)
            out += fmt::format(": {} ({})", diag::toString(construct.fate).str(),
                               estate.constructs.text(construct.form).str());
        out += '\n';
    }
    for (ir::Job const& job : estate.jobs) {
        out += fmt::format(
            "job {}{}{}\n", job.name.str(), job.refused ? " refused" : "",
            job.condition ? " condition " + estate.conditions.print(job.condition.expr) : "");
        if (auto const* action = std::get_if<ir::CommandAction>(&job.action);
            action && action->command)
            out += fmt::format("    command {}\n", action->command->str());
        for (auto const& kept : job.kept)
            out += fmt::format("    kept {} = {}\n", kept.key.str(), kept.value.str());
    }
    for (ir::Refusal const& refusal : estate.refusals)
        out += fmt::format("refused at {}: {}\n", estate.sources.start(refusal.span).line,
                           refusal.owner.empty() ? "the file" : refusal.owner.str());
    return out;
}

void FileTest::run() {
    ir::Estate estate;
    diag::Diagnostics diags;
    estate.settings.defines["DEFINED"] = "value";
    FileId const file = *estate.sources.add(path, bytes);
    frontend.read(file, estate, diags);
    diags.sort();

    auto const lines = linesOf(bytes);
    std::vector<Expectation> expectations;
    std::map<uint32_t, uint32_t> renumbered;
    std::vector<uint32_t> plain; // the lines that are no expectations
    for (uint32_t number = 1; number <= lines.size(); ++number) {
        Expectation expectation;
        uint32_t up = 0;
        std::string error;
        if (!readExpectation(lines[number - 1].rtrim('\r'), expectation, up, error)) {
            plain.push_back(number);
            renumbered[number] = static_cast<uint32_t>(plain.size());
            continue;
        }
        expectation.at = number;
        if (!error.empty() && !rewrites)
            fail(number, "malformed expectation: " + error);
        if (plain.size() <= up)
            fail(number, "expectation about a line before the first");
        else
            expectation.line = plain[plain.size() - 1 - up];
        expectations.push_back(expectation);
    }
    bool const usesHash =
        std::any_of(expectations.begin(), expectations.end(),
                    [&](Expectation const& e) { return lines[e.at - 1].starts_with("#"); });
    std::map<uint32_t, std::string> written; // by the line they follow
    for (diag::Diagnostic const& finding : diags.all()) {
        LineColumn const start = estate.sources.start(finding.span),
                         end = estate.sources.end(finding.span);
        uint32_t length =
            end.line == start.line
                ? end.column - start.column
                : static_cast<uint32_t>(estate.sources.line(file, start.line).rtrim('\r').size()) +
                      1 - start.column;
        length = std::max(length, 1u);
        bool isExpected = false;
        for (Expectation& e : expectations)
            if (!e.isMet && e.line == start.line && e.column == start.column &&
                e.length == length && e.severity == diag::toString(finding.severity) &&
                e.code == diag::info(finding.code).id &&
                llvm::StringRef(finding.message).contains(e.text)) {
                e.isMet = isExpected = true;
                break;
            }
        std::string const message = llvm::StringRef(finding.message).split('\n').first.str();
        // A `#` where `*/` would end what the test leaves open; a file that has such an expectation
        // keeps to them.
        bool const isComment = message.find("*/") == std::string::npos && !usesHash;
        uint32_t const opening = isComment ? 2 : 1;
        std::string const caret = start.column > opening
                                      ? std::string(start.column - 1 - opening, ' ')
                                      : std::to_string(start.column);
        written[start.line] += fmt::format(
            "{}{}{} {}[{}]: {}{}\n", isComment ? "/*" : "#", caret, std::string(length, '^'),
            std::string_view(diag::toString(finding.severity)), diag::info(finding.code).id,
            message, isComment ? " */" : "");
        if (!isExpected && !rewrites)
            fail(start.line,
                 fmt::format("unexpected at column {}, length {}: {}[{}]: {}", start.column, length,
                             std::string_view(diag::toString(finding.severity)),
                             diag::info(finding.code).id, finding.message));
    }
    if (!rewrites)
        for (Expectation const& e : expectations)
            if (!e.isMet)
                fail(e.at, fmt::format("not reported: {}[{}] at {}:{}: {}", e.severity, e.code,
                                       e.line, e.column, e.text));
    std::string const shown = golden(estate, renumbered);
    FileSystem& files = realFileSystem();
    std::string error;
    std::string const goldenPath = path + ".ir";
    if (rewrites) {
        std::string text;
        for (uint32_t const number : plain) {
            text += lines[number - 1];
            if (number != lines.size() || written.contains(number))
                text += '\n';
            if (auto const found = written.find(number); found != written.end())
                text += found->second;
        }
        if (text != bytes)
            files.write(path, text, error);
        files.write(goldenPath, shown, error);
    } else if (files.read(goldenPath, error).value_or("") != shown) {
        fail(1, "the IR differs from " + goldenPath + "; it is now:\n" + shown);
    }
}

int main(int count, char** arguments) {
    std::vector<llvm::StringRef> given(arguments + 1, arguments + count);
    bool const rewrites = llvm::is_contained(given, "--rewrite");
    if (given.size() < 2) {
        std::fprintf(stderr, "usage: file_test DIALECT FOLDER [--rewrite]\n");
        return 2;
    }
    Frontend const* frontend = nullptr;
    for (Frontend const& row : frontends())
        if (row.name == given[0])
            frontend = &row;
    if (!frontend) {
        std::fprintf(stderr, "no dialect %s\n", arguments[1]);
        return 2;
    }
    int failures = 0, tests = 0;
    std::string error;
    for (std::string const& path : realFileSystem().list(given[1], error)) {
        if (llvm::StringRef(path).ends_with(".ir"))
            continue;
        auto bytes = realFileSystem().read(path, error);
        FileTest test{*frontend, path, bytes.value_or(""), rewrites};
        test.run();
        if (!rewrites)
            failures += test.failures;
        ++tests;
    }
    if (tests == 0) {
        std::fprintf(stderr, "no test files in %s %s\n", arguments[2], error.c_str());
        return 1;
    }
    std::printf("%d files, %d failures\n", tests, failures);
    return failures == 0 ? 0 : 1;
}
