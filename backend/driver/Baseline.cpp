// A baseline is JSON with a line per entry.
#include "backend/driver/Baseline.h"

#include "backend/driver/Policy.h"
#include "backend/report/Utf8.h"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace hoist {

using Json = nlohmann::ordered_json;
using diag::Code;

/// Without the number that tells equal findings apart: which of them is which does not matter.
static llvm::StringRef keyOf(llvm::StringRef print) { return print.split(':').first; }

void Baseline::index() {
    std::sort(entries.begin(), entries.end(), [](Entry const& a, Entry const& b) {
        return std::tie(a.code, a.object, a.fingerprint) <
               std::tie(b.code, b.object, b.fingerprint);
    });
    byPrint.resize(entries.size());
    std::iota(byPrint.begin(), byPrint.end(), size_t(0));
    std::sort(byPrint.begin(), byPrint.end(),
              [&](size_t a, size_t b) { return entries[a].fingerprint < entries[b].fingerprint; });
}

Baseline::Entry* Baseline::find(llvm::StringRef fingerprint) {
    auto const it = std::lower_bound(
        byPrint.begin(), byPrint.end(), fingerprint,
        [&](size_t i, llvm::StringRef wanted) { return entries[i].fingerprint < wanted; });
    return it == byPrint.end() || entries[*it].fingerprint != fingerprint ? nullptr : &entries[*it];
}

std::optional<Baseline> Baseline::read(std::string const& path, FileSystem& files,
                                       SourceMap& sources, diag::Diagnostics& diags) {
    auto const refuse = [&](llvm::StringRef why) {
        diags.report<Code::BadBaseline>({}, path, why)
            .object(path)
            .help("`hoist baseline write` makes one");
        return std::nullopt;
    };
    std::string error;
    auto bytes = files.read(path, error);
    if (!bytes)
        return refuse(error);
    auto const file = sources.add(path, std::move(*bytes));
    if (!file)
        return refuse("the inputs together exceed 4 GiB");
    llvm::StringRef const text = sources.bytes(*file);
    nlohmann::json const json = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
    if (!json.is_object() || !json.contains("format") || json["format"] != "hoist-baseline")
        return refuse("its `format` is not `hoist-baseline`");
    if (!json.contains("version") || json["version"] != 1)
        return refuse("this hoist reads version 1");
    auto const list = json.find("findings");
    if (list == json.end() || !list->is_array())
        return refuse("it has no `findings`");
    Baseline baseline;
    size_t at = 0;
    for (auto const& each : *list) {
        auto const textOf = [&](char const* key) -> std::string {
            auto const value = each.find(key); // of what is no object: the end
            return value != each.end() && value->is_string() ? value->get<std::string>() : "";
        };
        Entry entry{textOf("code"), textOf("object"), textOf("fingerprint"), 0, 0, {}};
        if (entry.fingerprint.empty())
            return refuse("an entry has no `fingerprint`");
        auto const count = each.find("count");
        entry.count =
            count != each.end() && count->is_number_unsigned() ? count->get<size_t>() : size_t(1);
        if (size_t const found = text.find(entry.fingerprint, at); found != llvm::StringRef::npos) {
            entry.place = sources.span(*file, found, found + entry.fingerprint.size());
            at = found;
        }
        baseline.entries.push_back(std::move(entry));
    }
    baseline.index();
    return baseline;
}

Baseline Baseline::of(std::vector<diag::Diagnostic> const& findings,
                      std::vector<std::string> const& prints) {
    Baseline baseline;
    std::vector<std::pair<llvm::StringRef, size_t>> order;
    for (size_t i = 0; i < findings.size(); ++i)
        if (!Policy::isLocked(findings[i].code, false)) // is reported whatever a baseline lists
            order.emplace_back(keyOf(prints[i]), i);
    std::sort(order.begin(), order.end());
    for (auto const& [print, i] : order) {
        if (baseline.entries.empty() || baseline.entries.back().fingerprint != print)
            baseline.entries.push_back({std::string(diag::info(findings[i].code).id),
                                        report::toUtf8(findings[i].object),
                                        print.str(),
                                        0,
                                        0,
                                        {}});
        ++baseline.entries.back().count;
    }
    baseline.index();
    return baseline;
}

size_t Baseline::hide(std::vector<diag::Diagnostic>& findings,
                      std::vector<std::string> const& prints, bool writes) {
    size_t kept = 0;
    for (size_t i = 0; i < findings.size(); ++i) {
        Entry* const entry = find(keyOf(prints[i]));
        bool const isKnown = entry && entry->found < entry->count;
        if (isKnown)
            ++entry->found;
        if (isKnown && !Policy::isLocked(findings[i].code, writes))
            continue;
        if (kept != i)
            findings[kept] = std::move(findings[i]);
        ++kept;
    }
    size_t const hidden = findings.size() - kept;
    findings.erase(findings.begin() + static_cast<ptrdiff_t>(kept), findings.end());
    return hidden;
}

void Baseline::reportStale(diag::Diagnostics& diags) const {
    for (Entry const& entry : entries) {
        if (entry.found == entry.count)
            continue;
        std::string what = fmt::format("`{}`", entry.code);
        if (!entry.object.empty())
            what += fmt::format(" of `{}`", entry.object);
        if (entry.count > 1) // some of them may still be there
            what += fmt::format(" ({} of {})", entry.count - entry.found, entry.count);
        diags.report<Code::StaleBaselineEntry>(entry.place, what)
            .object(entry.object)
            .evidence(entry.fingerprint);
    }
}

size_t Baseline::prune() {
    size_t dropped = 0;
    for (Entry& entry : entries) {
        dropped += entry.count - entry.found;
        entry.count = entry.found;
    }
    std::erase_if(entries, [](Entry const& entry) { return entry.count == 0; });
    index();
    return dropped;
}

size_t Baseline::size() const {
    return std::accumulate(entries.begin(), entries.end(), size_t(0),
                           [](size_t sum, Entry const& entry) { return sum + entry.count; });
}

std::string Baseline::json() const {
    std::string text = "{\n  \"format\": \"hoist-baseline\",\n  \"version\": 1,\n  \"findings\": [";
    for (Entry const& entry : entries) {
        Json line{{"code", entry.code}};
        if (!entry.object.empty())
            line["object"] = entry.object;
        line["fingerprint"] = entry.fingerprint;
        if (entry.count > 1)
            line["count"] = entry.count;
        text += &entry == &entries.front() ? "\n    " : ",\n    ";
        text += line.dump();
    }
    return text + (entries.empty() ? "]\n}\n" : "\n  ]\n}\n");
}

} // namespace hoist
