// Reads `--output`, renders each format once, and writes it.
#include "backend/driver/Outputs.h"

#include "backend/report/Utf8.h"
#include "frontend/base/Paths.h"
#include "frontend/base/Suggest.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

namespace hoist {

using diag::Code;

/// In the order of OutputFormat.
static constexpr llvm::StringRef formatNames[] = {"text",   "concise", "json",  "sarif",
                                                  "github", "gitlab",  "junit", "markdown"};

std::optional<std::vector<OutputRequest>> parseOutputs(Invocation const& invocation,
                                                       Command command, diag::Diagnostics& diags) {
    std::vector<OutputRequest> requests;
    bool ok = true;
    // These print their own product to standard output.
    bool isOutTaken = command == Command::graph || command == Command::coverage ||
                      command == Command::verify || command == Command::diff ||
                      command == Command::drift || command == Command::simulate ||
                      invocation.showDiff;
    for (std::string const& output : invocation.outputs) {
        auto const [name, file] = llvm::StringRef(output).split('=');
        auto const* const known = std::find(std::begin(formatNames), std::end(formatNames), name);
        if (known == std::end(formatNames)) {
            auto builder = diags.report<Code::BadOptionValue>(
                {}, name, llvm::StringRef("--output"),
                "choose " + llvm::join(std::begin(formatNames), std::end(formatNames), ", "));
            if (llvm::StringRef const nearest = nearestOf(name, formatNames); !nearest.empty())
                builder.help(fmt::format("did you mean `{}`?", diag::shown(nearest)));
            ok = false;
            continue;
        }
        OutputRequest request{static_cast<OutputFormat>(known - std::begin(formatNames)),
                              file.str()};
        if (request.format != OutputFormat::text && request.file.empty()) {
            if (isOutTaken) {
                diags
                    .report<Code::BadOptionValue>({}, output, llvm::StringRef("--output"),
                                                  "standard output is taken already")
                    .help(fmt::format("write `--output {}=FILE`", diag::shown(name)));
                ok = false;
            }
            isOutTaken = true;
        }
        requests.push_back(std::move(request));
    }
    if (requests.empty())
        requests.push_back({});
    return ok ? std::optional(std::move(requests)) : std::nullopt;
}

/// Runners of GitHub and Azure obey `##[command]` and `##vso[command]`, TeamCity
/// `##teamcity[command]`, anywhere in a line of output. `::command` counts at the start of a line
/// only, where findings as text never have anything of a definition.
static void disarm(std::string& bytes, Console const& console) {
    auto const isSet = [&](llvm::StringRef name) { return console.variable(name).has_value(); };
    if (!isSet("GITHUB_ACTIONS") && !isSet("TF_BUILD") && !isSet("TEAMCITY_VERSION"))
        return;
    for (size_t at = bytes.find("##"); at != std::string::npos; at = bytes.find("##", at)) {
        at += 2;
        llvm::StringRef const word = llvm::StringRef(bytes).substr(at).take_while(llvm::isAlpha);
        if (llvm::StringRef(bytes).substr(at + word.size()).starts_with("["))
            bytes.insert(at, " ");
    }
}

std::string forPeople(llvm::StringRef text, Console const& console) {
    std::string out;
    while (!text.empty()) {
        auto const [line, rest] = text.split('\n');
        std::string shown = report::printable(line);
        // Runners pass over white space first, of Unicode as well.
        size_t const colons = shown.find("::");
        if (colons != std::string::npos &&
            llvm::all_of(llvm::StringRef(shown).take_front(colons),
                         [](char c) { return c == ' ' || static_cast<unsigned char>(c) >= 0x80; }))
            shown.insert(colons, "\\");
        out += shown;
        if (text.size() > line.size())
            out += '\n';
        text = rest;
    }
    disarm(out, console);
    return out;
}

Exit writeOutputs(std::vector<OutputRequest> const& outputs, report::Findings const& findings,
                  report::TextOptions const& options, FileSystem& files, Console& console) {
    Exit exit = Exit::clean;
    for (OutputRequest const& output : outputs) {
        std::string bytes;
        report::Notices notices;
        switch (output.format) {
        case OutputFormat::text:
            bytes =
                report::text(findings, {options.color && output.file.empty(), options.maxFindings});
            break;
        case OutputFormat::concise: bytes = report::concise(findings); break;
        case OutputFormat::json: bytes = report::json(findings); break;
        case OutputFormat::sarif: bytes = report::sarif(findings, notices); break;
        case OutputFormat::github: bytes = report::github(findings, notices); break;
        case OutputFormat::gitlab: bytes = report::gitlab(findings); break;
        case OutputFormat::junit: bytes = report::junit(findings); break;
        case OutputFormat::markdown: bytes = report::markdown(findings, notices); break;
        }
        for (std::string const& notice : notices)
            console.err("hoist: " + notice + "\n");
        if (output.file.empty()) {
            if (output.format == OutputFormat::text || output.format == OutputFormat::concise)
                disarm(bytes, console);
            output.format == OutputFormat::text ? console.err(bytes) : console.out(bytes);
            continue;
        }
        std::string error;
        if (!files.write(output.file, bytes, error)) {
            console.err(fmt::format("hoist: cannot write `{}`: {}\n", output.file, error));
            exit = Exit::notWritten;
        }
    }
    return exit;
}

bool ConfinedFileSystem::isInside(llvm::StringRef path, std::string& error) const {
    std::string const folder = normalPath(root);
    std::string const file = normalPath(path);
    std::string const prefix = folder.empty() || folder == "/" ? folder : folder + "/";
    llvm::StringRef const rest = llvm::StringRef(file).substr(prefix.size());
    if (llvm::StringRef(file).starts_with(prefix) && !rest.starts_with("..") &&
        !rest.starts_with("/"))
        return true;
    error = "it lies outside the output folder";
    return false;
}

} // namespace hoist
