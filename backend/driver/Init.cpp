// What a site has to decide about an estate: zones, machines, job types without a translation.
#include "backend/driver/Init.h"

#include "backend/driver/ShowConfig.h"
#include "frontend/base/Counted.h"
#include "frontend/base/Paths.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

namespace hoist {
namespace {

/// How often each name is used, the most used first.
class Usage {
public:
    void add(llvm::StringRef name) { ++counts[name.str()]; }
    std::vector<std::pair<std::string, size_t>> sorted() const {
        std::vector<std::pair<std::string, size_t>> list(counts.begin(), counts.end());
        std::stable_sort(list.begin(), list.end(),
                         [](auto const& a, auto const& b) { return a.second > b.second; });
        return list;
    }
    bool empty() const { return counts.empty(); }

private:
    std::map<std::string, size_t> counts;
};

// More would be read by nobody; a pattern covers them anyway.
constexpr size_t suggestions = 40;

/// A row of `[[rule]]` per name, as comments.
std::string rules(Usage const& usage, std::string const& key, llvm::StringRef more) {
    std::string text;
    auto const names = usage.sorted();
    for (size_t i = 0; i < std::min(names.size(), suggestions); ++i) {
        std::string const name = tomlString(names[i].first);
        text += fmt::format("\n# [[rule]]\n# {} = {}  # {}\n", key, name,
                            counted(names[i].second, "job"));
        llvm::SmallVector<llvm::StringRef, 4> lines;
        more.split(lines, '\n');
        for (llvm::StringRef const line : lines)
            text += "# " + line.str() + (line.ends_with("=") ? " " + name : "") + "\n";
    }
    if (names.size() > suggestions)
        text += fmt::format("\n# ... and {} more\n", names.size() - suggestions);
    return text;
}

} // namespace

std::string proposedSettings(ir::Estate const& estate, size_t files) {
    Usage dialects, zones, machines, types;
    size_t withoutZone = 0, isJil = 0, isCron = 0;
    for (ir::Job const& job : estate.jobs) {
        dialects.add(ir::toString(job.dialect));
        isCron += job.dialect == ir::Dialect::cron;
        isJil += job.dialect == ir::Dialect::jil;
        if (job.schedule) {
            llvm::StringRef const zone = estate.schedules[job.schedule].zone;
            zone.empty() ? void(++withoutZone) : zones.add(zone);
        }
        for (llvm::StringRef const machine : job.machines.value)
            machines.add(machine);
        if (auto const* const opaque = std::get_if<ir::OpaqueAction>(&job.action))
            types.add(opaque->kind);
        else if (auto const* const transfer = std::get_if<ir::TransferAction>(&job.action))
            types.add(transfer->kind);
    }
    std::vector<std::string> parts;
    for (auto const& [dialect, count] : dialects.sorted())
        parts.push_back(fmt::format("{} of {}", counted(count, "job"), dialect));
    std::string text = fmt::format(
        "# Settings of hoist, proposed by `hoist init` from {}: {}.\n"
        "# Every line that is a comment changes nothing; `hoist config` shows what holds.\n",
        counted(files, "file"), parts.empty() ? "no jobs" : llvm::join(parts, ", "));

    text += fmt::format("\n# Schedules that name no time zone: {}. They run in this one.\n",
                        withoutZone);
    for (auto const& [zone, count] : zones.sorted())
        text += fmt::format("# {} name{} {}\n", count, count == 1 ? "s" : "", tomlString(zone));
    text += fmt::format("# timezone = {}\n",
                        zones.empty() ? "\"UTC\"" : tomlString(zones.sorted().front().first));
    if (isCron > 0)
        text += "\n[cron]\n# Whose crontab rules hold: debian or cronie (Red Hat, Alpine).\n"
                "# flavour = \"cronie\"\n";
    if (isJil > 0)
        text += "\n[autosys]\n# What AutoSys leaves open; `hoist config` lists all keys.\n"
                "# retry_delay = 10\n";
    text += "\n[findings]\n"
            "# An old estate: `hoist baseline write PATH...` lists what it is found with.\n"
            "# baseline = \"hoist-baseline.json\"\n"
            "# ignore = [\"A0016\"]\n"
            "# fail_on = \"warning\"\n";
    if (!machines.empty())
        text += "\n# Where jobs run. `machine` is a pattern of `*` and `?`; the executor is local, "
                "ssh, "
                "winrm,\n# kubernetes or connection.\n" +
                rules(machines, "machine", "executor = \"ssh\"\nconnection =");
    if (!types.empty())
        text +=
            "\n# Job types that hoist does not translate: their tasks fail until an operator is "
            "named.\n" +
            rules(types, "job_type", "operator = \"package.module.Operator\"\narguments = { }");
    return text;
}

std::string proposedPlace(llvm::StringRef path, bool isFolder) {
    std::string const normal = normalPath(path);
    if (!path.starts_with("/") && !llvm::StringRef(normal).starts_with(".."))
        return "hoist.toml";
    std::string const folder = isFolder ? normal : parentOf(normal);
    return folder + "/hoist.toml";
}

} // namespace hoist
