// The files of the site beside the DAGs: pools, connections, variables, calendars.
#include "backend/airflow/Json.h"
#include "backend/airflow/Manifest.h"

namespace hoist::airflow {
namespace {

llvm::StringRef letter(ir::Disposition disposition) {
    switch (disposition) {
    case ir::Disposition::unset: return "";
    case ir::Disposition::only: return "O";
    case ir::Disposition::same: return "S";
    case ir::Disposition::next: return "N";
    case ir::Disposition::forward: return "W";
    case ir::Disposition::backward: return "P";
    }
    return "";
}

void writeStandard(JsonWriter& json, ir::Calendar const& calendar) {
    json.key("kind");
    json.value(llvm::StringRef("standard"));
    json.key("dates");
    json.beginArray();
    for (ir::CalendarRow const& row : calendar.rows) {
        std::string date = ir::dateText(row.date);
        if (row.minute > 0)
            date += " " + ir::clockText(row.minute);
        json.value(llvm::StringRef(date));
    }
    json.endArray();
}

void writeCycle(JsonWriter& json, ir::Calendar const& calendar) {
    json.key("kind");
    json.value(llvm::StringRef("cycle"));
    json.key("periods");
    json.beginArray();
    for (ir::DateRange const& period : calendar.periods) {
        json.beginArray();
        json.value(llvm::StringRef(ir::dateText(period.from)));
        json.value(llvm::StringRef(ir::dateText(period.to)));
        json.endArray();
    }
    json.endArray();
}

void writeExtended(JsonWriter& json, ir::Calendar const& calendar) {
    auto const field = [&](llvm::StringRef key, llvm::StringRef value) {
        if (value.empty())
            return;
        json.key(key);
        json.value(value);
    };
    field("kind", "extended");
    field("condition", calendar.rule);
    static constexpr llvm::StringLiteral names[] = {"su", "mo", "tu", "we", "th", "fr", "sa"};
    std::string days;
    for (int day : {1, 2, 3, 4, 5, 6, 0})
        if (calendar.workdays >> day & 1)
            days += (days.empty() ? "" : " ") + names[day].str();
    json.key("workdays");
    json.value(llvm::StringRef(days));
    field("holiday", letter(calendar.holiday));
    field("non_workday", letter(calendar.nonWorkday));
    field("holcal", calendar.holidayCalendar.value);
    field("cyccal", calendar.cycleName.value);
    if (calendar.adjust != 0) {
        json.key("adjust");
        json.value(int64_t(calendar.adjust));
    }
}

/// The format of docs/runtime.md; empty when the estate has no calendar.
std::string calendarsJson(ir::Estate const& estate) {
    std::map<llvm::StringRef, ir::Calendar const*> sorted;
    for (ir::Calendar const& calendar : estate.calendars)
        if (!calendar.refused)
            sorted.emplace(calendar.name, &calendar);
    if (sorted.empty())
        return {};
    JsonWriter json;
    json.beginObject();
    json.key("format");
    json.value(int64_t(1));
    json.key("calendars");
    json.beginObject();
    for (auto const& [name, calendar] : sorted) {
        json.key(name);
        json.beginCompact();
        json.beginObject();
        switch (calendar->kind) {
        case ir::Calendar::Kind::standard: writeStandard(json, *calendar); break;
        case ir::Calendar::Kind::cycle: writeCycle(json, *calendar); break;
        case ir::Calendar::Kind::extended: writeExtended(json, *calendar); break;
        }
        json.endObject();
        json.endCompact();
    }
    json.endObject();
    json.endObject();
    return json.take();
}

} // namespace

std::vector<SiteFile> siteFiles(LowerContext const& context) {
    ir::Estate const& estate = context.estate;
    std::vector<SiteFile> files;
    if (!context.pools.empty() || !context.orderPools.empty()) {
        JsonWriter json; // the format of `airflow pools import`
        json.beginObject();
        auto const add = [&](std::string const& name, int64_t slots, bool includesDeferred) {
            json.key(name);
            json.beginCompact();
            json.beginObject();
            json.key("slots");
            json.value(slots);
            json.key("description");
            json.value(llvm::StringRef("from the legacy definitions, by hoist"));
            json.key("include_deferred");
            json.value(includesDeferred);
            json.endObject();
            json.endCompact();
        };
        for (auto const& [name, slots] : context.pools)
            add(name, slots, true);
        for (auto const& [name, slots] : context.orderPools)
            add(name, slots, false);
        json.endObject();
        files.push_back({"pools.json", json.take()});
    }
    if (!context.machines.empty() || !context.databases.empty()) {
        JsonWriter json; // the format of `airflow connections import`; no secrets
        json.beginObject();
        for (std::string const& name : context.machines) {
            auto const it = estate.machineByName.find(name);
            ir::Machine const* machine =
                it == estate.machineByName.end() ? nullptr : &estate.machines[it->second];
            bool const isWindows = machine && machine->type.lower() == "n";
            json.key(name);
            json.beginCompact();
            json.beginObject();
            json.key("conn_type");
            json.value(isWindows ? llvm::StringRef("winrm") : llvm::StringRef("ssh"));
            json.key("host");
            json.value(machine && machine->node ? *machine->node : llvm::StringRef(name));
            json.endObject();
            json.endCompact();
        }
        for (std::string const& name : context.databases) {
            if (context.machines.contains(name))
                continue;
            json.key(name);
            json.beginCompact();
            json.beginObject();
            json.key("conn_type"); // of which kind it is, no definition says
            json.value(llvm::StringRef("generic"));
            json.endObject();
            json.endCompact();
        }
        json.endObject();
        files.push_back({"connections.json", json.take()});
    }
    if (!estate.variables.empty()) {
        JsonWriter json;
        json.beginObject();
        std::map<llvm::StringRef, llvm::StringRef> values;
        for (ir::Variable const& variable : estate.variables)
            values[variable.name] = variable.value;
        for (auto const& [name, value] : values) {
            json.key(name);
            json.value(value);
        }
        json.endObject();
        files.push_back({"variables.json", json.take()});
    }
    if (std::string calendars = calendarsJson(estate); !calendars.empty())
        files.push_back({"calendars.json", std::move(calendars)});
    return files;
}

} // namespace hoist::airflow
