// Finds hoist.toml, reads it with toml++, and checks every key at its place.
#include "backend/driver/Config.h"

#include "backend/driver/BridgeConfig.h"
#include "backend/driver/PlanConfig.h"
#include "backend/driver/TomlReader.h"
#include "frontend/base/Paths.h"
#include "frontend/base/Suggest.h"
#include "frontend/ir/TimeZones.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

namespace hoist {
namespace {

using diag::Code;

std::string joined(llvm::StringRef folder, llvm::StringRef name) {
    return folder.empty() ? name.str() : (folder + "/" + name).str();
}

} // namespace

std::string findConfig(llvm::StringRef first, FileSystem& files, Console const& console) {
    std::string folder = first == "-"               ? ""
                         : files.isDirectory(first) ? first.rtrim('/').str()
                                                    : parentOf(first);
    if (folder == ".")
        folder.clear();
    bool isAbsolute = first.starts_with("/");
    while (true) {
        std::string const prefix = folder.empty() && isAbsolute ? "/" : folder;
        if (std::string const path =
                joined(folder.empty() && isAbsolute ? "" : folder, "hoist.toml");
            files.exists(isAbsolute && folder.empty() ? "/hoist.toml" : path))
            return isAbsolute && folder.empty() ? "/hoist.toml" : path;
        if (files.exists(joined(prefix == "/" ? "" : folder, ".git")))
            return {};
        if (folder.empty()) {
            std::string const current = console.currentFolder();
            if (isAbsolute || current.empty())
                return {};
            isAbsolute = true; // go on above the current folder, which has been looked at
            folder = parentOf(current);
            continue;
        }
        folder = parentOf(folder);
    }
}

namespace {

class ConfigReader : TomlReader {
public:
    ConfigReader(FileId fileId, ir::Estate& model, RunSettings& runSettings,
                 diag::Diagnostics& diagnostics)
        : TomlReader(fileId, model, runSettings, diagnostics), settings(model.settings) {}

    void read() {
        toml::parse_result const result =
            toml::parse(std::string_view(bytes), std::string_view(estate.sources.path(file)));
        if (!result) {
            diags.report<Code::BadToml>(spanOf(result.error().source()), estate.sources.path(file),
                                        std::string(result.error().description()));
            return;
        }
        Table const top{
            {"timezone", [&](auto const& node) { readZone("timezone", node); }},
            {"autosys", [&](auto const& node) { readTable("autosys", node, autosysKeys()); }},
            {"cron", [&](auto const& node) { readTable("cron", node, cronKeys()); }},
            {"controlm", [&](auto const& node) { readTable("controlm", node, controlmKeys()); }},
            {"defines", [&](auto const& node) { readTexts("defines", node, settings.defines); }},
            {"rule", [&](auto const& node) { readRules(node); }},
            {"bridge", [&](auto const& node) { readBridges(node, file, estate, findings, diags); }},
            {"allow", [&](auto const& node) { readAllowed(node); }},
            {"findings", [&](auto const& node) { readTable("findings", node, findingsKeys()); }},
            {"gate", [&](auto const& node) { readTable("gate", node, gateKeys()); }},
            {"plan",
             [&](auto const& node) { readPlanSettings(node, file, estate, findings, diags); }},
        };
        readKeys("", result.table(), top);
    }

private:
    void readZone(llvm::StringRef key, toml::node const& node) {
        std::string zone;
        readText(key, node, zone);
        if (zone.empty())
            return;
        if (ir::resolveZone(zone).how == ir::ResolvedZone::How::unknown) {
            auto const names = ir::zoneNames();
            std::string why = fmt::format("`{}` is no time zone that hoist knows", zone);
            if (llvm::StringRef const nearest = nearestOf(zone, names); !nearest.empty())
                why += fmt::format("; did you mean `{}`?", diag::shown(nearest));
            return bad(key, node, why);
        }
        settings.timezone = zone;
        findings.origins["timezone"] = placeOf(node); // it has two names
    }

    std::pair<llvm::StringRef, Reader> flag(llvm::StringRef key, bool& target) {
        return {key, [this, key, &target](auto const& node) {
                    readValue(("autosys." + key).str(), node, target, "true or false");
                }};
    }

    Table autosysKeys() {
        return {
            {"timezone", [&](auto const& node) { readZone("autosys.timezone", node); }},
            {"member_tick_while_box_idle_kept",
             [&](auto const& node) {
                 readValue("autosys.member_tick_while_box_idle_kept", node,
                           settings.memberTickWhileBoxIdleKept, "true or false");
             }},
            flag("exit_code_survives_start", settings.exitCodeSurvivesStart),
            flag("ice_lookback_is_true", settings.iceLookbackIsTrue),
            flag("off_ice_waits_for_next_box_run", settings.offIceWaitsForNextBoxRun),
            flag("queue_rechecks_conditions", settings.queueRechecksConditions),
            flag("missed_window_clears_arm", settings.missedWindowClearsArm),
            {"retry_delay",
             [&](auto const& node) {
                 readValue("autosys.retry_delay", node, settings.retryDelay, "a number of seconds");
                 if (settings.retryDelay < 0 || settings.retryDelay > 86'400) {
                     bad("autosys.retry_delay", node, "seconds from 0 to 86400 are needed");
                     settings.retryDelay = 10;
                 }
             }},
            {"last_insert_wins",
             [&](auto const& node) {
                 readValue("autosys.last_insert_wins", node, settings.lastInsertWins,
                           "true or false");
             }},
            {"std_files_append",
             [&](auto const& node) {
                 readValue("autosys.std_files_append", node, settings.stdFilesAppend,
                           "true or false");
             }},
        };
    }

    Table cronKeys() {
        return {{"flavour", [&](auto const& node) {
                     readText("cron.flavour", node, settings.cronFlavour);
                     if (settings.cronFlavour != "debian" && settings.cronFlavour != "cronie") {
                         bad("cron.flavour", node, "choose debian or cronie");
                         settings.cronFlavour = "debian";
                     }
                 }}};
    }

    Table controlmKeys() {
        return {
            {"week_begins_on",
             [&](auto const& node) {
                 std::string day = "monday";
                 readText("controlm.week_begins_on", node, day);
                 if (day != "monday" && day != "sunday")
                     bad("controlm.week_begins_on", node, "choose monday or sunday");
                 settings.weekBeginsOnMonday = day != "sunday";
             }},
            {"new_day",
             [&](auto const& node) { readClock("controlm.new_day", node, settings.newDay); }},
            {"user_dailies", [&](auto const& node) { readUserDailies(node); }},
            {"resources", [&](auto const& node) { readQuantities(node); }},
        };
    }

    void readClock(std::string const& key, toml::node const& node, int16_t& minute) {
        std::string text;
        readText(key, node, text);
        auto const [hours, minutes] = llvm::StringRef(text).split(':');
        unsigned h = 0, m = 0;
        if (hours.size() != 2 || minutes.size() != 2 || hours.getAsInteger(10, h) ||
            minutes.getAsInteger(10, m) || h > 23 || m > 59)
            return bad(key, node, "a time such as \"07:00\" is needed");
        minute = static_cast<int16_t>(h * 60 + m);
    }

    void readUserDailies(toml::node const& node) {
        auto const* const table = node.as_table();
        if (!table)
            return bad("controlm.user_dailies", node, "a table of names and times is needed");
        for (auto&& [name, value] : *table)
            readClock("controlm.user_dailies." + std::string(name.str()), value,
                      settings.userDailies[std::string(name.str())]);
    }

    void readQuantities(toml::node const& node) {
        auto const* const table = node.as_table();
        if (!table)
            return bad("controlm.resources", node, "a table of names and numbers is needed");
        for (auto&& [name, value] : *table) {
            std::string const key = "controlm.resources." + std::string(name.str());
            int64_t quantity = -1;
            readValue(key, value, quantity, "a number is needed");
            if (quantity < 0 || quantity > 9999)
                bad(key, value, "a number from 0 to 9999 is needed");
            else
                settings.quantitativeResources[std::string(name.str())] = quantity;
        }
    }

    Table findingsKeys() {
        return {
            {"select",
             [&](auto const& node) {
                 readCodes("findings.select", node, [&](llvm::StringRef prefix) {
                     findings.policy.select(prefix, Policy::Layer::file);
                 });
             }},
            {"ignore",
             [&](auto const& node) {
                 readCodes("findings.ignore", node, [&](llvm::StringRef prefix) {
                     findings.policy.ignore(prefix, Policy::Layer::file);
                 });
             }},
            {"severity", [&](auto const& node) { readSeverities(node); }},
            {"baseline",
             [&](auto const& node) {
                 std::string path;
                 readText("findings.baseline", node, path);
                 findings.baseline = llvm::StringRef(path).starts_with("/")
                                         ? path
                                         : joined(findings.configFolder, path);
             }},
            {"fail_on",
             [&](auto const& node) {
                 std::string level;
                 readText("findings.fail_on", node, level);
                 findings.policy.failOn = severityByName(level);
                 if (!level.empty() && level != "never" && !findings.policy.failOn)
                     bad("findings.fail_on", node, "choose error, warning, note or never");
             }},
        };
    }

    Table gateKeys() {
        return {
            {"against",
             [&](auto const& node) { readText("gate.against", node, findings.gate.against); }},
            {"changes",
             [&](auto const& node) {
                 readList("gate.changes", node, [&](std::string word, toml::node const& at) {
                     if (!isKindOfChange(word))
                         bad("gate.changes", at, "choose of " + llvm::join(kindsOfChange(), ", "));
                     findings.gate.changes.push_back(std::move(word));
                 });
             }},
            {"assumptions",
             [&](auto const& node) {
                 readList("gate.assumptions", node, [&](std::string name, toml::node const&) {
                     findings.gate.assumptions.push_back(std::move(name));
                 });
             }},
        };
    }

    bool checkPrefix(llvm::StringRef key, toml::node const& node, llvm::StringRef prefix) {
        if (Policy::isPrefix(prefix))
            return true;
        std::string why = fmt::format("no code begins with `{}`", diag::shown(prefix));
        if (std::string const nearest = Policy::nearestPrefix(prefix); !nearest.empty())
            why += fmt::format("; did you mean `{}`?", nearest);
        bad(key, node, why);
        return false;
    }

    void readCodes(llvm::StringRef key, toml::node const& node,
                   std::function<void(llvm::StringRef)> const& use) {
        readList(
            key, node,
            [&](std::string const& prefix, toml::node const& at) {
                if (checkPrefix(key, at, prefix))
                    use(prefix);
            },
            "a list of codes or their beginnings is needed");
    }

    void readSeverities(toml::node const& node) {
        auto const* const table = node.as_table();
        if (!table)
            return bad("findings.severity", node, "a table of codes and severities is needed");
        for (auto&& [prefix, value] : *table) {
            std::string const key = "findings.severity." + std::string(prefix.str());
            std::string level;
            readText(key, value, level);
            std::optional<diag::Severity> const severity = severityByName(level);
            if (!severity && value.is_string())
                bad(key, value, "choose error, warning or note");
            findings.origins["findings.severity." + llvm::StringRef(prefix.str()).upper()] =
                placeOf(value);
            if (severity && checkPrefix(key, value, std::string(prefix.str())))
                findings.policy.setSeverity(std::string(prefix.str()), *severity,
                                            Policy::Layer::file);
        }
    }

    void readTexts(llvm::StringRef path, toml::node const& node,
                   std::map<std::string, std::string>& target) {
        auto const* const table = node.as_table();
        if (!table)
            return bad(path, node, "a table of strings is needed");
        for (auto&& [key, value] : *table) {
            std::string const name(key.str());
            findings.origins[(path + "." + name).str()] = placeOf(value);
            readText((path + "." + name).str(), value, target[name]);
        }
    }

    void readRules(toml::node const& node) {
        auto const* const rows = node.as_array();
        if (!rows)
            return bad("rule", node, "write `[[rule]]`");
        for (toml::node const& row : *rows) {
            ir::SiteRule rule;
            rule.span = spanOf(row.source());
            findings.rows["rule"].push_back(placeOf(row));
            auto const text = [&](llvm::StringRef key, std::string& target) {
                return std::pair<llvm::StringRef, Reader>(
                    key, [this, key, &target](auto const& value) {
                        readText(("rule." + key).str(), value, target);
                    });
            };
            Table const known{
                text("machine", rule.machine),
                text("owner", rule.owner),
                text("job_type", rule.jobType),
                text("job", rule.job),
                text("command", rule.command),
                text("connection", rule.connection),
                text("pool", rule.pool),
                text("queue", rule.queue),
                text("operator", rule.operatorClass),
                {"executor", [&](auto const& value) { readExecutor(value, rule); }},
                {"tags", [&](auto const& value) { readTags(value, rule); }},
                {"arguments",
                 [&](auto const& value) { readTexts("rule.arguments", value, rule.arguments); }},
                {"retries", [&](auto const& value) { readRetries(value, rule); }},
            };
            readTable("rule", row, known);
            settings.rules.push_back(std::move(rule));
        }
    }

    void readAllowed(toml::node const& node) {
        auto const* const rows = node.as_array();
        if (!rows)
            return bad("allow", node, "write `[[allow]]`");
        for (toml::node const& row : *rows) {
            AllowRow allowed;
            allowed.span = spanOf(row.source());
            findings.rows["allow"].push_back(placeOf(row));
            std::string reason, by;
            Table const known{
                {"code", [&](auto const& value) { readAllowedCode(value, allowed); }},
                {"object",
                 [&](auto const& value) { readText("allow.object", value, allowed.object); }},
                {"evidence",
                 [&](auto const& value) { readText("allow.evidence", value, allowed.evidence); }},
                {"by", [&](auto const& value) { readText("allow.by", value, by); }},
                {"reason", [&](auto const& value) { readText("allow.reason", value, reason); }},
                {"until", [&](auto const& value) { readDay("allow.until", value, allowed.until); }},
            };
            readTable("allow", row, known);
            for (auto const& [key, value] : {std::pair("code", &allowed.code),
                                             {"object", &allowed.object},
                                             {"reason", &reason}})
                if (value->empty() && row.is_table() && !row.as_table()->contains(key))
                    bad("allow", row, fmt::format("`{}` is needed", key));
                else if (value->empty() && row.is_table() && row.as_table()->get(key)->is_string())
                    bad(std::string("allow.") + key, *row.as_table()->get(key),
                        "it must not be empty");
            findings.allowed.push_back(std::move(allowed));
        }
    }

    void readAllowedCode(toml::node const& node, AllowRow& allowed) {
        readText("allow.code", node, allowed.code);
        allowed.code = llvm::StringRef(allowed.code).upper();
        if (allowed.code.empty() || diag::codeById(allowed.code))
            return;
        std::string why = fmt::format("there is no code `{}`", allowed.code);
        if (std::string const nearest = Policy::nearestPrefix(allowed.code); nearest.size() == 5)
            why += fmt::format("; did you mean `{}`?", nearest);
        bad("allow.code", node, why);
    }

    void readExecutor(toml::node const& node, ir::SiteRule& rule) {
        static constexpr llvm::StringLiteral known[] = {"local", "ssh", "winrm", "kubernetes",
                                                        "connection"};
        readText("rule.executor", node, rule.executor);
        if (!rule.executor.empty() &&
            std::find(std::begin(known), std::end(known), rule.executor) == std::end(known))
            bad("rule.executor", node, "choose local, ssh, winrm, kubernetes or connection");
    }

    void readTags(toml::node const& node, ir::SiteRule& rule) {
        auto const* const tags = node.as_array();
        if (!tags)
            return bad("rule.tags", node, "a list of strings is needed");
        for (toml::node const& tag : *tags)
            readText("rule.tags", tag, rule.tags.emplace_back());
    }

    void readRetries(toml::node const& node, ir::SiteRule& rule) {
        int64_t retries = 0;
        readValue("rule.retries", node, retries, "a number");
        if (retries < 0 || retries > 10'000)
            return bad("rule.retries", node, "a number from 0 to 10000 is needed");
        rule.retries = static_cast<int>(retries);
    }

    ir::Settings& settings;
};

std::optional<FileId> addSource(std::string const& path, FileSystem& files, ir::Estate& estate,
                                diag::Diagnostics& diags) {
    std::string error;
    auto bytes = files.read(path, error);
    if (!bytes) {
        diags.report<Code::CannotReadSettings>({}, path, error).object(path);
        return std::nullopt;
    }
    return estate.sources.add(path, std::move(*bytes));
}

void readProperties(FileId file, ir::Estate& estate, RunSettings& run, diag::Diagnostics& diags) {
    llvm::StringRef const bytes = estate.sources.bytes(file);
    for (size_t at = 0; at < bytes.size();) {
        size_t const end = std::min(bytes.find('\n', at), bytes.size());
        llvm::StringRef const line = bytes.slice(at, end).trim();
        if (!line.empty() && !line.starts_with("#") && !line.starts_with("!")) {
            auto const [name, value] = line.split('=');
            if (name.size() == line.size() || name.trim().empty()) {
                diags.report<Code::BadPropertyLine>(estate.sources.span(file, at, end), line);
            } else { // the later wins
                estate.settings.defines[name.trim().str()] = value.trim().str();
                run.origins[("defines." + name.trim()).str()] =
                    fmt::format("{}:{}", diag::shown(estate.sources.path(file)),
                                estate.sources.lineColumn(file, static_cast<uint32_t>(at)).line);
            }
        }
        at = end + 1;
    }
}

void setDefine(ir::Estate& estate, RunSettings& run, llvm::StringRef name, llvm::StringRef value) {
    estate.settings.defines[name.str()] = value.str();
    run.origins[("defines." + name).str()] = "-D";
}

/// Options that stand for a setting.
void noteOptions(Invocation const& invocation, RunSettings& run) {
    auto const note = [&](bool isGiven, char const* key, char const* option, bool adds = false) {
        std::string& origin = run.origins[key];
        if (isGiven)
            origin = adds && !origin.empty() ? origin + ", " + option : option;
        if (origin.empty())
            run.origins.erase(key);
    };
    note(!invocation.timezone.empty(), "timezone", "--timezone");
    note(!invocation.cronFlavour.empty(), "cron.flavour", "--cron-flavour");
    note(!invocation.selects.empty(), "findings.select", "--select");
    note(!invocation.ignores.empty(), "findings.ignore", "--ignore", true);
    note(!invocation.failOn.empty(), "findings.fail_on", "--fail-on");
    note(!invocation.baseline.empty(), "findings.baseline", "--baseline");
}

} // namespace

void readSettings(Invocation const& invocation, FileSystem& files, Console const& console,
                  ir::Estate& estate, RunSettings& findings, diag::Diagnostics& diags) {
    std::string config = invocation.config;
    if (config.empty())
        config = findConfig(invocation.operands.empty() ? "-" : invocation.operands.front(), files,
                            console);
    findings.configFolder = parentOf(config);
    findings.configFile = config;
    if (!config.empty())
        if (auto const file = addSource(config, files, estate, diags))
            ConfigReader(*file, estate, findings, diags).read();
    readPolicy(invocation, findings.policy, diags);
    noteOptions(invocation, findings);
    if (!invocation.baseline.empty())
        findings.baseline = invocation.baseline;
    for (std::string const& path : invocation.properties)
        if (auto const file = addSource(path, files, estate, diags))
            readProperties(*file, estate, findings, diags);
    for (std::string const& define : invocation.defines) {
        auto const [name, value] = llvm::StringRef(define).split('=');
        if (name.size() == define.size() || name.empty())
            diags.report<Code::BadOptionValue>({}, define, llvm::StringRef("-D"),
                                               "NAME=VALUE is needed");
        else
            setDefine(estate, findings, name, value);
    }
    if (!invocation.cronFlavour.empty())
        estate.settings.cronFlavour = invocation.cronFlavour;
    if (!invocation.timezone.empty()) {
        if (ir::resolveZone(invocation.timezone).how == ir::ResolvedZone::How::unknown) {
            auto builder = diags.report<Code::BadOptionValue>({}, invocation.timezone,
                                                              llvm::StringRef("--timezone"),
                                                              "no time zone that hoist knows");
            if (llvm::StringRef const nearest = nearestOf(invocation.timezone, ir::zoneNames());
                !nearest.empty())
                builder.help(fmt::format("did you mean `{}`?", diag::shown(nearest)));
        } else {
            estate.settings.timezone = invocation.timezone;
        }
    }
}

} // namespace hoist
