// Finds hoist.toml, reads it with toml++, and checks every key at its place.
#include "backend/driver/Config.h"

#include "frontend/base/Suggest.h"
#include "frontend/ir/TimeZones.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

namespace hoist {
namespace {

using diag::Code;

std::string parentOf(llvm::StringRef path) {
    size_t const slash = path.rfind('/');
    return slash == llvm::StringRef::npos ? "" : path.take_front(slash).str();
}

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

class ConfigReader {
public:
    ConfigReader(FileId fileId, ir::Estate& model, diag::Diagnostics& diagnostics)
        : file(fileId), estate(model), settings(model.settings), diags(diagnostics),
          bytes(model.sources.bytes(fileId)) {}

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
            {"defines", [&](auto const& node) { readTexts("defines", node, settings.defines); }},
            {"rule", [&](auto const& node) { readRules(node); }},
        };
        readKeys("", result.table(), top);
    }

private:
    using Reader = std::function<void(toml::node const&)>;
    using Table = std::vector<std::pair<llvm::StringRef, Reader>>;

    Span spanOf(toml::source_region const& region) const {
        size_t const begin = offsetOf(bytes, region.begin);
        return estate.sources.span(file, begin, std::max(begin, offsetOf(bytes, region.end)));
    }

    void bad(llvm::StringRef key, toml::node const& node, llvm::StringRef why) {
        diags.report<Code::BadConfigValue>(spanOf(node.source()), key, why).object(key);
    }

    void readKeys(llvm::StringRef path, toml::table const& table, Table const& known) {
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
            if (it != known.end()) {
                it->second(*node);
                continue;
            }
            std::string const full = path.empty() ? name.str() : (path + "." + name).str();
            auto builder = diags.report<Code::UnknownKey>(spanOf(key->source()), full);
            builder.object(full);
            std::vector<llvm::StringRef> names;
            for (auto const& row : known)
                names.push_back(row.first);
            if (llvm::StringRef const nearest = nearestOf(name, names); !nearest.empty())
                builder.help(fmt::format("did you mean `{}`?", diag::shown(nearest)));
        }
    }

    void readTable(llvm::StringRef path, toml::node const& node, Table const& known) {
        if (auto const* const table = node.as_table())
            readKeys(path, *table, known);
        else
            bad(path, node, "a table is needed");
    }

    template <class Value>
    void readValue(llvm::StringRef key, toml::node const& node, Value& target,
                   llvm::StringRef what) {
        if (auto const value = node.value_exact<Value>())
            target = *value;
        else
            bad(key, node, (what + " is needed").str());
    }
    void readText(llvm::StringRef key, toml::node const& node, std::string& target) {
        readValue(key, node, target, "a string");
    }

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

    void readTexts(llvm::StringRef path, toml::node const& node,
                   std::map<std::string, std::string>& target) {
        auto const* const table = node.as_table();
        if (!table)
            return bad(path, node, "a table of strings is needed");
        for (auto&& [key, value] : *table) {
            std::string const name(key.str());
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

    FileId file;
    ir::Estate& estate;
    ir::Settings& settings;
    diag::Diagnostics& diags;
    llvm::StringRef bytes;
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

void readProperties(FileId file, ir::Estate& estate, diag::Diagnostics& diags) {
    llvm::StringRef const bytes = estate.sources.bytes(file);
    for (size_t at = 0; at < bytes.size();) {
        size_t const end = std::min(bytes.find('\n', at), bytes.size());
        llvm::StringRef const line = bytes.slice(at, end).trim();
        if (!line.empty() && !line.starts_with("#") && !line.starts_with("!")) {
            auto const [name, value] = line.split('=');
            if (name.size() == line.size() || name.trim().empty())
                diags.report<Code::BadPropertyLine>(estate.sources.span(file, at, end), line);
            else
                estate.settings.defines[name.trim().str()] = value.trim().str();
        }
        at = end + 1;
    }
}

} // namespace

void readSettings(Invocation const& invocation, FileSystem& files, Console const& console,
                  ir::Estate& estate, diag::Diagnostics& diags) {
    std::string config = invocation.config;
    if (config.empty())
        config = findConfig(invocation.operands.empty() ? "-" : invocation.operands.front(), files,
                            console);
    if (!config.empty())
        if (auto const file = addSource(config, files, estate, diags))
            ConfigReader(*file, estate, diags).read();
    for (std::string const& path : invocation.properties)
        if (auto const file = addSource(path, files, estate, diags))
            readProperties(*file, estate, diags);
    for (std::string const& define : invocation.defines) {
        auto const [name, value] = llvm::StringRef(define).split('=');
        if (name.size() == define.size() || name.empty())
            diags.report<Code::BadOptionValue>({}, define, llvm::StringRef("-D"),
                                               "NAME=VALUE is needed");
        else
            estate.settings.defines[name.str()] = value.str();
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
