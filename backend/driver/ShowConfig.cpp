// One list of settings, printed as TOML or JSON.
#include "backend/driver/ShowConfig.h"

#include "backend/report/Utf8.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace hoist {
namespace {

using Json = nlohmann::ordered_json;

struct Shown {
    std::string table, key; ///< "findings", "severity.A03"
    Json value;             ///< null: not set
    std::string origin;
    bool isDay = false; ///< a TOML date, which JSON shows as text
};

std::string keyText(llvm::StringRef key) {
    bool const isBare = !key.empty() && llvm::all_of(key, [](char c) {
        return llvm::isAlnum(c) || c == '_' || c == '-';
    });
    return isBare ? key.str() : tomlString(key);
}

class Settings {
public:
    Settings(ir::Settings const& estateSettings, RunSettings const& runSettings)
        : settings(estateSettings), run(runSettings) {}

    std::vector<Shown> all() {
        add("", "timezone", settings.timezone.empty() ? "UTC" : settings.timezone);
        add("autosys", "member_tick_while_box_idle_kept", settings.memberTickWhileBoxIdleKept);
        add("autosys", "exit_code_survives_start", settings.exitCodeSurvivesStart);
        add("autosys", "ice_lookback_is_true", settings.iceLookbackIsTrue);
        add("autosys", "off_ice_waits_for_next_box_run", settings.offIceWaitsForNextBoxRun);
        add("autosys", "retry_delay", settings.retryDelay);
        add("autosys", "queue_rechecks_conditions", settings.queueRechecksConditions);
        add("autosys", "missed_window_clears_arm", settings.missedWindowClearsArm);
        add("autosys", "last_insert_wins", settings.lastInsertWins);
        add("autosys", "std_files_append", settings.stdFilesAppend);
        add("cron", "flavour", settings.cronFlavour);
        add("controlm", "week_begins_on", settings.weekBeginsOnMonday ? "monday" : "sunday");
        add("controlm", "new_day", ir::clockText(settings.newDay));
        for (auto const& [name, minute] : settings.userDailies)
            add("controlm", "user_dailies." + keyText(name), ir::clockText(minute));
        for (auto const& [name, quantity] : settings.quantitativeResources)
            add("controlm", "resources." + keyText(name), quantity);
        auto const selected = run.policy.selected();
        add("findings", "select", selected.empty() ? Json::array({"ALL"}) : Json(selected));
        add("findings", "ignore", run.policy.ignored());
        add("findings", "fail_on",
            run.policy.failOn ? diag::toString(*run.policy.failOn).str() : "never");
        add("findings", "baseline",
            run.baseline.empty() ? Json() : Json(report::toUtf8(run.baseline)));
        for (Policy::Remapped const& one : run.policy.remapped()) {
            add("findings", "severity." + one.prefix, diag::toString(one.severity).str());
            if (one.layer == Policy::Layer::commandLine)
                list.back().origin = "--severity";
        }
        add("gate", "against",
            run.gate.against.empty() ? Json() : Json(report::toUtf8(run.gate.against)));
        for (auto const& [key, names] :
             {std::pair{"changes", &run.gate.changes}, {"assumptions", &run.gate.assumptions}}) {
            Json shown = Json::array();
            for (std::string const& name : *names)
                shown.push_back(report::toUtf8(name));
            add("gate", key, std::move(shown));
        }
        addPlan(run.plan);
        for (auto const& [name, value] : settings.defines)
            add("defines", name, report::toUtf8(value));
        return std::move(list);
    }

private:
    void addPlan(migration::PlanSettings const& plan) {
        for (auto const& [key, number] : {std::pair{"wave_size", &plan.waveSize},
                                          {"waves", &plan.waves},
                                          {"jobs_per_wave", &plan.jobsPerWave},
                                          {"load_per_wave", &plan.loadPerWave},
                                          {"owners_per_wave", &plan.ownersPerWave},
                                          {"done", &plan.done}})
            add("plan", key, *number ? Json((*number)->value) : Json());
        add("plan", "move_gain", plan.moveGain);
        add("plan", "low_risk_first", plan.lowRiskFirst.has_value());
        add("plan", "split_cycles", plan.splitCycles);
        for (auto const& [key, day] : {std::pair{"start", &plan.start}, {"end", &plan.end}}) {
            add("plan", key, *day ? Json((*day)->value) : Json());
            list.back().isDay = true;
        }
        add("plan", "every", plan.every);
    }

    void add(std::string const& table, std::string const& key, Json value) {
        auto const origin = run.origins.find(table.empty() ? key : table + "." + key);
        list.push_back({table, key, std::move(value),
                        origin == run.origins.end() ? "default" : origin->second, false});
    }

    ir::Settings const& settings;
    RunSettings const& run;
    std::vector<Shown> list;
};

std::string valueText(Json const& value) {
    if (value.is_string())
        return tomlString(value.get<std::string>());
    if (!value.is_array())
        return value.dump();
    std::vector<std::string> items;
    for (Json const& each : value)
        items.push_back(valueText(each));
    return "[" + llvm::join(items, ", ") + "]";
}

} // namespace

std::string tomlString(llvm::StringRef text) {
    std::string out = "\"";
    for (char const c : report::toUtf8(text)) {
        if (c == '"' || c == '\\')
            out += std::string("\\") + c;
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        else
            out += c;
    }
    return out + "\"";
}

std::string configText(ir::Settings const& settings, RunSettings const& run) {
    std::string text = run.configFile.empty() ? "# no hoist.toml was found\n"
                                              : "# " + report::printable(run.configFile) + "\n";
    std::string table;
    for (Shown const& one : Settings(settings, run).all()) {
        if (one.table != table) {
            table = one.table;
            text += "\n[" + table + "]\n";
        }
        llvm::StringRef const key = one.key;
        std::string const name =
            key.starts_with("severity.") ? "severity." + keyText(key.drop_front(9)) : keyText(key);
        text += one.value.is_null()
                    ? "# " + name + " is not set\n"
                    : fmt::format("{} = {}  # {}\n", name,
                                  one.isDay ? one.value.get<std::string>() : valueText(one.value),
                                  report::printable(one.origin));
    }
    for (auto const& [name, places] : run.rows)
        text += fmt::format("\n# {} row{} of [[{}]]: {}\n", places.size(),
                            places.size() == 1 ? "" : "s", name,
                            report::printable(llvm::join(places, ", ")));
    return text;
}

std::string configJson(ir::Settings const& settings, RunSettings const& run) {
    Json list = Json::array();
    for (Shown const& one : Settings(settings, run).all())
        list.push_back(
            {{"key", report::toUtf8(one.table.empty() ? one.key : one.table + "." + one.key)},
             {"value", one.value},
             {"origin", report::toUtf8(one.origin)}});
    Json rows = Json::array();
    for (auto const& [name, places] : run.rows)
        for (std::string const& place : places)
            rows.push_back({{"table", name}, {"origin", report::toUtf8(place)}});
    Json const document{
        {"format", 1},
        {"file", run.configFile.empty() ? Json() : Json(report::toUtf8(run.configFile))},
        {"settings", std::move(list)},
        {"rows", std::move(rows)}};
    return document.dump(2) + "\n";
}

} // namespace hoist
