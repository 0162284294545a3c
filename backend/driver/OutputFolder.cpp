// Refuses what would write over what is read.
#include "backend/driver/OutputFolder.h"

#include "backend/driver/Outputs.h"
#include "frontend/base/Paths.h"

#include <fmt/format.h>

namespace hoist {

using diag::Code;

bool takesOutput(Invocation const& invocation, FileSystem& files, Console const& console,
                 diag::Diagnostics& diags) {
    std::string const here = console.currentFolder();
    std::string const target = absolutePath(invocation.outputFolder, here);
    for (std::string const& operand : invocation.operands) {
        if (operand == "-")
            continue;
        std::string const source = absolutePath(operand, here);
        bool const isInside =
            target == source || llvm::StringRef(target).starts_with(source + "/") || source.empty();
        if (isInside) {
            diags
                .report<Code::BadUsage>({}, fmt::format("`-o {}` lies in `{}`, which is read",
                                                        invocation.outputFolder, operand))
                .help("name a folder elsewhere: the next run would read what this one wrote");
            return false;
        }
    }
    std::string error;
    if (files.exists(invocation.outputFolder) &&
        (!files.isDirectory(invocation.outputFolder) ||
         !files.list(invocation.outputFolder, error).empty())) {
        diags.report<Code::BadUsage>(
            {}, fmt::format("`-o {}` is there already, and not an empty folder",
                            invocation.outputFolder));
        return false;
    }
    return true;
}

bool writeBelow(std::string const& folder,
                llvm::ArrayRef<std::pair<std::string, std::string>> pathsAndBytes,
                FileSystem& files, diag::Diagnostics& diags) {
    ConfinedFileSystem confined(files, folder);
    std::string error;
    for (auto const& [path, bytes] : pathsAndBytes) {
        std::string const whole = folder + "/" + path;
        if (confined.write(whole, bytes, error))
            continue;
        diags.report<Code::OutputNotWritten>({}, whole, error).object(whole);
        return false;
    }
    return true;
}

PlaceInEstate placeOf(llvm::StringRef file, std::vector<std::string> const& operands) {
    for (size_t i = 0; i < operands.size(); ++i) {
        std::string const own = normalPath(operands[i]);
        std::string const path = normalPath(file);
        llvm::StringRef rest = path;
        if (path == own || (operands[i] == "-" && file == "<stdin>"))
            break;
        if (own.empty() || (rest.consume_front(own) && rest.consume_front("/")))
            return {i, rest.str()};
    }
    for (size_t i = 0; i < operands.size(); ++i)
        if (operands[i] == file || (operands[i] == "-" && file == "<stdin>"))
            return {i, file == "<stdin>" ? "stdin" : file.substr(file.rfind('/') + 1).str()};
    return {0, file.substr(file.rfind('/') + 1).str()};
}

} // namespace hoist
