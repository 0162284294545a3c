// Reads `--output`, renders each format once, and writes it.
#include "backend/driver/Outputs.h"

#include "frontend/base/Suggest.h"

#include <llvm/ADT/SmallVector.h>

#include <fmt/format.h>

namespace hoist {

using diag::Code;

static constexpr llvm::StringRef formatNames[] = {"text", "json", "sarif"};

std::optional<std::vector<OutputRequest>> parseOutputs(Invocation const& invocation,
                                                       Command command, diag::Diagnostics& diags) {
    std::vector<OutputRequest> requests;
    bool ok = true;
    // These print their own product to standard output.
    bool isOutTaken = command == Command::graph || command == Command::coverage ||
                      command == Command::verify || command == Command::diff ||
                      command == Command::simulate || invocation.showDiff;
    for (std::string const& output : invocation.outputs) {
        auto const [name, file] = llvm::StringRef(output).split('=');
        auto const* const known = std::find(std::begin(formatNames), std::end(formatNames), name);
        if (known == std::end(formatNames)) {
            auto builder = diags.report<Code::BadOptionValue>({}, name, llvm::StringRef("--output"),
                                                              "choose text, json or sarif");
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

Exit writeOutputs(std::vector<OutputRequest> const& outputs, report::Findings const& findings,
                  report::TextOptions const& options, FileSystem& files, Console& console) {
    Exit exit = Exit::clean;
    for (OutputRequest const& output : outputs) {
        std::string bytes;
        switch (output.format) {
        case OutputFormat::text:
            bytes =
                report::text(findings, {options.color && output.file.empty(), options.maxFindings});
            break;
        case OutputFormat::json: bytes = report::json(findings); break;
        case OutputFormat::sarif: bytes = report::sarif(findings); break;
        }
        if (output.file.empty()) {
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

/// Without `.`, `..` and doubled slashes; a `..` that leads above the start stays.
static std::string normal(llvm::StringRef path) {
    llvm::SmallVector<llvm::StringRef, 8> parts, kept;
    path.split(parts, '/', -1, false);
    for (llvm::StringRef part : parts) {
        if (part == ".")
            continue;
        if (part == ".." && !kept.empty() && kept.back() != "..")
            kept.pop_back();
        else
            kept.push_back(part);
    }
    std::string text = path.starts_with("/") ? "/" : "";
    for (size_t i = 0; i < kept.size(); ++i)
        text += (i ? "/" : "") + kept[i].str();
    return text;
}

bool ConfinedFileSystem::isInside(llvm::StringRef path, std::string& error) const {
    std::string const folder = normal(root);
    std::string const file = normal(path);
    std::string const prefix = folder.empty() || folder == "/" ? folder : folder + "/";
    llvm::StringRef const rest = llvm::StringRef(file).substr(prefix.size());
    if (llvm::StringRef(file).starts_with(prefix) && !rest.starts_with("..") &&
        !rest.starts_with("/"))
        return true;
    error = "it lies outside the output folder";
    return false;
}

} // namespace hoist
