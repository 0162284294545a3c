// Finds the page of a code; lists the codes by letter and group.
#include "backend/driver/Explain.h"

#include "frontend/base/Suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace hoist {
namespace {

using diag::CodeInfo;

std::string listOfCodes() {
    std::vector<CodeInfo const*> codes;
    for (CodeInfo const& info : diag::catalog)
        codes.push_back(&info);
    // By letter, then by group in order of its first code, then by code.
    std::stable_sort(codes.begin(), codes.end(), [](auto* a, auto* b) { return a->id < b->id; });
    std::vector<std::pair<std::string, std::vector<CodeInfo const*>>> groups;
    for (CodeInfo const* info : codes) {
        std::string const title = fmt::format("{}: {}", info->id[0], info->group);
        auto it = std::find_if(groups.begin(), groups.end(),
                               [&](auto const& group) { return group.first == title; });
        if (it == groups.end())
            it = groups.insert(groups.end(), {title, {}});
        it->second.push_back(info);
    }
    std::string text;
    for (auto const& [title, members] : groups) {
        text += title + "\n";
        for (CodeInfo const* info : members)
            text += fmt::format("  {}  {:<7}  {}\n", info->id,
                                diag::shown(diag::toString(info->severity)), info->message);
    }
    return text + "\n`hoist explain CODE` shows the page of a code.\n";
}

} // namespace

llvm::StringRef pageOf(llvm::StringRef code) {
    for (Page const& page : pages())
        if (code == page.code)
            return page.text;
    return {};
}

std::string explain(llvm::StringRef code, diag::Diagnostics& diags) {
    if (code.empty())
        return listOfCodes();
    std::string const wanted = code.upper();
    if (llvm::StringRef const page = pageOf(wanted); !page.empty())
        return page.str();
    if (auto const known = diag::codeById(code)) {
        CodeInfo const& info = diag::info(*known);
        return fmt::format("# {}: {}\n\n{} ({}).\n", info.id, info.name, info.message,
                           diag::shown(diag::toString(info.severity)));
    }
    auto builder = diags.report<diag::Code::UnknownExplainCode>({}, code);
    std::vector<llvm::StringRef> ids;
    for (CodeInfo const& info : diag::catalog)
        ids.emplace_back(info.id.data(), info.id.size());
    if (llvm::StringRef const nearest = nearestOf(wanted, ids); !nearest.empty())
        builder.help(fmt::format("did you mean `{}`?", diag::shown(nearest)));
    else
        builder.help("`hoist explain` lists all codes");
    return {};
}

} // namespace hoist
