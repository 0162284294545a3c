// Layout file by file, proof over all of them: what one file says may hang on another.
#include "backend/driver/FormatCommand.h"

#include "analysis/equivalence/Diff.h"
#include "analysis/link/Link.h"
#include "backend/driver/Fixes.h"
#include "backend/driver/Inputs.h"
#include "backend/driver/Outputs.h"
#include "frontend/base/Counted.h"
#include "frontend/base/Patch.h"

#include <fmt/format.h>

namespace hoist {
namespace {

void readAll(std::vector<Input> const& inputs, ir::Estate& estate) {
    diag::Diagnostics ignored; // `hoist check` tells them
    readDefinitions(inputs, estate, ignored);
    analysis::link(estate, ignored);
}

Exit internalError(Console& console, std::string const& why) {
    console.err(
        "hoist: internal error: the layout would change " + why +
        "\nNothing was written. This is a bug in hoist; please report it with the input.\n");
    return Exit::internalError;
}

} // namespace

Exit formatFiles(Invocation const& invocation, FileSystem& files, Console& console,
                 diag::Diagnostics& diags) {
    ir::Estate before, after;
    std::vector<Input> const inputs = readInputs(
        {invocation.operands, invocation.dialect, invocation.threads()}, files, before, diags);
    std::vector<Input> laidOut;
    std::vector<bool> isChanged;
    size_t changes = 0, unchanged = 0;
    auto const say = [&](std::string const& line) { console.err(forPeople(line, console)); };
    for (Input const& input : inputs) {
        std::string const path = before.sources.path(input.file).str();
        Layout layout;
        if (input.frontend->format) {
            layout = input.frontend->format(input.file, before.sources);
            layout.text == before.sources.bytes(input.file) ? ++unchanged : ++changes;
        } else {
            layout.text = before.sources.bytes(input.file).str();
            say(fmt::format("hoist: `{}` is left as it is: hoist lays out JIL, not {}\n", path,
                            input.frontend->name.str()));
        }
        if (!layout.problem.empty())
            return internalError(console, fmt::format("`{}`: {}", path, layout.problem));
        if (layout.kept > 0)
            say(fmt::format("hoist: `{}`: {} statement{} left as {}: `hoist check` says "
                            "what is doubtful there\n",
                            path, layout.kept, layout.kept == 1 ? " is" : "s are",
                            layout.kept == 1 ? "it is" : "they are"));
        isChanged.push_back(layout.text != before.sources.bytes(input.file));
        auto const file = after.sources.add(path, std::move(layout.text));
        if (!file) {
            diags.report<diag::Code::InputTooLarge>({}, path).object(path);
            return Exit::findings;
        }
        laidOut.push_back({*file, input.frontend});
    }
    if (changes > 0) {
        readAll(inputs, before);
        readAll(laidOut, after);
        auto const result = equivalence::diff(before, after, {});
        if (!result.changes.empty())
            return internalError(console, fmt::format("`{}`: {}", result.changes.front().job,
                                                      result.changes.front().consequence));
    }

    bool const writes = !invocation.checkOnly && !invocation.showDiff;
    Exit exit = changes > 0 && !writes ? Exit::findings : Exit::clean;
    for (size_t i = 0; i < inputs.size(); ++i) {
        std::string const path = before.sources.path(inputs[i].file).str();
        llvm::StringRef const was = before.sources.bytes(inputs[i].file);
        llvm::StringRef const is = after.sources.bytes(laidOut[i].file);
        std::string error;
        if (invocation.showDiff)
            console.out(unifiedDiff(path, path, was, is));
        else if (invocation.checkOnly && isChanged[i])
            console.out(forPeople("would reformat " + path + "\n", console));
        else if (writes && path == "<stdin>")
            console.out(is);
        else if (writes && isChanged[i] && !replaceFile(files, path, was, is, error)) {
            diags.report<diag::Code::OutputNotWritten>({}, path, error).object(path);
            exit = Exit::notWritten;
            --changes;
        }
    }
    console.err(fmt::format("hoist: {} {}, {} left unchanged\n", counted(changes, "file"),
                            writes ? "reformatted" : "would be reformatted",
                            counted(unchanged, "file")));
    return exit;
}

} // namespace hoist
