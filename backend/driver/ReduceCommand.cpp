// The question that a reduction asks is `hoist check`'s: read, link, analyze, lower, all in memory.
#include "backend/driver/ReduceCommand.h"

#include "analysis/Analysis.h"
#include "backend/airflow/Build.h"
#include "backend/driver/Config.h"
#include "backend/driver/OutputFolder.h"
#include "backend/driver/Reduction.h"
#include "backend/report/Utf8.h"
#include "frontend/base/Counted.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <set>

namespace hoist {
namespace {

using diag::Code;

constexpr unsigned defaultBudget = 5000;

/// The findings of an estate in memory.
struct Checked {
    ir::Estate estate;
    std::vector<Input> inputs;
    diag::Diagnostics diags;

    Checked(std::vector<EstateFile> const& files, ir::Settings const& settings, int64_t now) {
        estate.settings = settings;
        for (EstateFile const& file : files)
            if (auto const id = estate.sources.add(file.path, file.text))
                inputs.push_back({*id, file.frontend});
        readDefinitions(inputs, estate, diags);
        analysis::run(estate, diags, now);
        airflow::lowerOnly(estate, diags);
        diags.sort();
    }
};

struct Wanted {
    Code code;
    std::optional<std::string> object;

    bool isShownBy(diag::Diagnostic const& finding) const {
        // What is no UTF-8 can be named as the reports write it.
        return finding.code == code &&
               (!object || finding.object == *object || report::toUtf8(finding.object) == *object);
    }
    std::string text() const {
        std::string const id(diag::info(code).id);
        return object && !object->empty()
                   ? fmt::format("`{}` about `{}`", id, report::printable(*object))
                   : fmt::format("`{}`", id);
    }
};

/// The statements that a finding points at, and those that name one of its objects.
std::vector<Reduction::Place> hintsOf(diag::Diagnostic const& finding, Checked const& checked) {
    std::vector<Reduction::Place> hints;
    auto const add = [&](Span span) {
        if (!span.isValid())
            return;
        FileId const file = checked.estate.sources.fileOf(span);
        for (size_t i = 0; i < checked.inputs.size(); ++i)
            if (checked.inputs[i].file == file) {
                size_t const begin = checked.estate.sources.offsetIn(file, span);
                hints.push_back({i, {begin, begin + span.size()}});
            }
    };
    add(finding.span);
    for (diag::Label const& label : finding.labels)
        add(label.span);
    // Definitions, by the names that stand in backticks in the message.
    std::set<std::string> names{finding.object};
    llvm::SmallVector<llvm::StringRef, 8> pieces;
    llvm::StringRef(finding.message).split(pieces, '`');
    for (size_t i = 1; i < pieces.size(); i += 2)
        names.insert(pieces[i].str());
    for (ir::Job const& job : checked.estate.jobs)
        if (names.contains(job.name.str())) {
            add(job.nameSpan);
            if (job.box)
                add(checked.estate.jobs[job.box].nameSpan);
        }
    return hints;
}

} // namespace

Exit reduceEstate(Invocation const& invocation, FileSystem& files, Console& console,
                  diag::Diagnostics& diags) {
    std::optional<Code> const code = diag::codeById(invocation.code);
    if (!code) {
        diags.report<Code::UnknownExplainCode>({}, invocation.code)
            .help("`hoist explain` lists the codes");
        return Exit::usage;
    }
    if (!takesOutput(invocation, files, console, diags))
        return Exit::usage;
    ir::Estate original;
    RunSettings settings;
    readSettings(invocation, files, console, original, settings, diags);
    if (diags.hasErrors())
        return Exit::usage;
    std::vector<EstateFile> estate;
    diag::Diagnostics ofInputs;
    for (Input const& input :
         readInputs({invocation.operands, invocation.dialect, invocation.threads()}, files,
                    original, ofInputs))
        estate.push_back({original.sources.path(input.file).str(),
                          original.sources.bytes(input.file).str(), input.frontend});
    int64_t const now = std::time(nullptr);
    Wanted wanted{*code, {}};
    if (!invocation.object.empty())
        wanted.object = invocation.object;
    std::vector<Reduction::Place> hints;
    size_t statements = 0;
    {
        Checked const checked(estate, original.settings, now);
        auto const found = llvm::find_if(checked.diags.all(), [&](diag::Diagnostic const& finding) {
            return wanted.isShownBy(finding);
        });
        if (found == checked.diags.all().end()) {
            diags.report<Code::NothingToReduce>({}, wanted.text());
            return Exit::usage;
        }
        wanted.object = found->object;
        hints = hintsOf(*found, checked);
    }
    auto const shows = [&](std::vector<EstateFile> const& candidate) {
        Checked const checked(candidate, original.settings, now);
        return llvm::any_of(checked.diags.all(), [&](diag::Diagnostic const& finding) {
            return wanted.isShownBy(finding);
        });
    };
    Reduction reduction(estate, shows, invocation.budget ? invocation.budget : defaultBudget);
    statements = reduction.statements();
    reduction.run(hints);

    diags.absorb(std::move(ofInputs));
    std::vector<std::pair<std::string, std::string>> output;
    for (EstateFile const& file : reduction.estate()) {
        PlaceInEstate const place = placeOf(file.path, invocation.operands);
        output.emplace_back(invocation.operands.size() > 1
                                ? fmt::format("{}/{}", place.operand + 1, place.path)
                                : place.path,
                            file.text);
    }
    if (!writeBelow(invocation.outputFolder, output, files, diags))
        return Exit::notWritten;
    console.err(
        fmt::format("hoist: {} in `{}` show {}: {} of {} left after {}{}\n",
                    counted(output.size(), "file"), invocation.outputFolder, wanted.text(),
                    reduction.statements(), counted(statements, "statement"),
                    reduction.tries() == 1 ? "1 try" : fmt::format("{} tries", reduction.tries()),
                    reduction.isMinimal() ? "" : "; the budget ended, `--budget` gives more"));
    return Exit::clean;
}

} // namespace hoist
