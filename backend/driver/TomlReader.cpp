// Reads TOML with every key checked at its place: what hoist.toml's tables share.
#include "backend/driver/TomlReader.h"

#include "frontend/base/Suggest.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

#include <algorithm>

namespace hoist {

using diag::Code;

namespace {

/// Line and column (1-based, in characters) of toml++ as an offset.
size_t offsetOf(llvm::StringRef bytes, toml::source_position position) {
    size_t at = 0;
    for (toml::source_index line = 1; line < position.line; ++line) {
        size_t const newline = bytes.find('\n', at);
        if (newline == llvm::StringRef::npos)
            return bytes.size();
        at = newline + 1;
    }
    for (toml::source_index column = 1;
         column < position.column && at < bytes.size() && bytes[at] != '\n'; ++column) {
        ++at;
        while (at < bytes.size() && (static_cast<unsigned char>(bytes[at]) & 0xC0) == 0x80)
            ++at;
    }
    return at;
}

} // namespace

TomlReader::TomlReader(FileId fileId, ir::Estate& model, RunSettings& runSettings,
                       diag::Diagnostics& diagnostics)
    : file(fileId), estate(model), findings(runSettings), diags(diagnostics),
      bytes(model.sources.bytes(fileId)) {}

Span TomlReader::spanOf(toml::source_region const& region) const {
    size_t const begin = offsetOf(bytes, region.begin);
    return estate.sources.span(file, begin, std::max(begin, offsetOf(bytes, region.end)));
}

void TomlReader::bad(llvm::StringRef key, toml::node const& node, llvm::StringRef why) {
    diags.report<Code::BadConfigValue>(spanOf(node.source()), key, why).object(key);
}

void TomlReader::readKeys(llvm::StringRef path, toml::table const& table, Table const& known) {
    // In the order of the file, so that findings and effects are.
    std::vector<std::pair<toml::key const*, toml::node const*>> entries;
    for (auto&& [key, node] : table)
        entries.emplace_back(&key, &node);
    std::sort(entries.begin(), entries.end(), [](auto const& a, auto const& b) {
        auto const& x = a.first->source().begin;
        auto const& y = b.first->source().begin;
        return std::tie(x.line, x.column) < std::tie(y.line, y.column);
    });
    for (auto const& [key, node] : entries) {
        llvm::StringRef const name(key->str().data(), key->str().size());
        auto const it = std::find_if(known.begin(), known.end(),
                                     [&](auto const& row) { return row.first == name; });
        std::string const full = path.empty() ? name.str() : (path + "." + name).str();
        if (it != known.end()) {
            findings.origins[full] = placeOf(*node);
            it->second(*node);
            continue;
        }
        auto builder = diags.report<Code::UnknownKey>(spanOf(key->source()), full);
        builder.object(full);
        std::vector<llvm::StringRef> names;
        for (auto const& row : known)
            names.push_back(row.first);
        if (llvm::StringRef const nearest = nearestOf(name, names); !nearest.empty())
            builder.help(fmt::format("did you mean `{}`?", diag::shown(nearest)));
        else
            builder.help("known keys: " + llvm::join(names, ", "));
    }
}

std::string TomlReader::placeOf(toml::node const& node) const {
    return fmt::format("{}:{}", diag::shown(estate.sources.path(file)), node.source().begin.line);
}

void TomlReader::readTable(llvm::StringRef path, toml::node const& node, Table const& known) {
    if (auto const* const table = node.as_table())
        readKeys(path, *table, known);
    else
        bad(path, node, "a table is needed");
}

void TomlReader::readText(llvm::StringRef key, toml::node const& node, std::string& target) {
    readValue(key, node, target, "a string");
}

void TomlReader::readList(llvm::StringRef key, toml::node const& node,
                          std::function<void(std::string, toml::node const&)> const& use,
                          char const* needed) {
    auto const* const list = node.as_array();
    if (!list)
        return bad(key, node, needed);
    for (toml::node const& each : *list) {
        std::string text;
        readText(key, each, text);
        if (each.is_string())
            use(std::move(text), each);
    }
}

void TomlReader::readDay(llvm::StringRef key, toml::node const& node, std::string& day) {
    auto const date = node.value_exact<toml::date>();
    if (date)
        day = fmt::format("{:04}-{:02}-{:02}", date->year, date->month, date->day);
    if (!isDay(day))
        bad(key, node, "a day is needed, as in 2027-01-31 without quotes");
}

} // namespace hoist
