// The inventory as JSON and CSV, and as tables that text and HTML share.
#include "backend/report/Inventory.h"

#include "backend/report/Html.h"
#include "backend/report/Utf8.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace hoist::report {
namespace {

using Json = nlohmann::ordered_json;
using migration::Inventory;

/// A table for people: a title, the heads of the columns, rows, and how many rows there would be.
struct Table {
    std::string title, remark;
    std::vector<std::string> heads;
    std::vector<std::vector<std::string>> rows;
    size_t total = 0;
};

std::string named(llvm::StringRef name) { return name.empty() ? "(none)" : name.str(); }

std::string nameOf(ir::Estate const& estate, ir::JobId id) { return estate.jobs[id].name.str(); }
std::string nameOf(ir::Estate const& estate, ir::WorkflowId id) {
    return nameOf(estate, estate.workflows[id].root);
}
std::string placeOf(ir::Estate const& estate, ir::JobId id) {
    Span const at = estate.jobs[id].nameSpan;
    return at.isValid() ? fmt::format("{}:{}", estate.sources.path(estate.sources.fileOf(at)).str(),
                                      estate.sources.start(at).line)
                        : std::string();
}

std::string namesOf(ir::Estate const& estate, std::vector<ir::JobId> const& jobs, size_t most) {
    std::string text;
    for (size_t i = 0; i < jobs.size() && i < most; ++i)
        text += (i ? ", " : "") + nameOf(estate, jobs[i]);
    if (jobs.size() > most)
        text += fmt::format(" and {} more", jobs.size() - most);
    return text;
}

std::string duration(int64_t seconds) {
    return seconds < 120    ? fmt::format("{} s", seconds)
           : seconds < 7200 ? fmt::format("{} min", (seconds + 30) / 60)
                            : fmt::format("{:.1f} h", static_cast<double>(seconds) / 3600);
}

class Tables {
public:
    Tables(ir::Estate const& model, Inventory const& given, size_t most)
        : estate(model), inventory(given), limit(most) {}

    std::vector<Table> all() {
        counts("By source language", inventory.byDialect);
        counts("By kind", inventory.byKind);
        counts("By owner", inventory.byOwner);
        counts("By machine", inventory.byMachine);
        counts("By application", inventory.byApplication);
        counts("By group", inventory.byGroup);
        fidelity();
        workflows();
        idle();
        unawaited();
        alike(true, "Duplicates", "the same action on the same machine as the same owner");
        alike(false, "Near-duplicates", "commands that share most of their words");
        runs();
        return std::move(tables);
    }

private:
    void counts(char const* title, std::map<std::string, size_t> const& map) {
        if (map.size() == 1 && map.begin()->first.empty())
            return; // nobody says it
        std::vector<std::pair<std::string, size_t>> sorted(map.begin(), map.end());
        std::stable_sort(sorted.begin(), sorted.end(),
                         [](auto const& a, auto const& b) { return a.second > b.second; });
        Table table{title, "", {"name", "jobs"}, {}, sorted.size()};
        for (size_t i = 0; i < sorted.size() && i < limit; ++i)
            table.rows.push_back({named(sorted[i].first), std::to_string(sorted[i].second)});
        add(std::move(table));
    }

    void fidelity() {
        std::vector<size_t> workflowsOf(migration::fidelityCount), jobsOf(migration::fidelityCount);
        for (migration::WorkflowSurvey const& each : inventory.workflows) {
            ++workflowsOf[static_cast<size_t>(each.fidelity)];
            jobsOf[static_cast<size_t>(each.fidelity)] += each.jobs;
        }
        Table table{
            "Fidelity",
            "exact; assumed: exact if the named assumptions hold; approximated: something "
            "is approximated or dropped; unmapped: a task fails until the site maps its job "
            "type; refused: no DAG",
            {"fidelity", "workflows", "jobs"},
            {},
            migration::fidelityCount};
        for (size_t i = 0; i < migration::fidelityCount; ++i)
            table.rows.push_back(
                {migration::toString(static_cast<migration::WorkflowFidelity>(i)).str(),
                 std::to_string(workflowsOf[i]), std::to_string(jobsOf[i])});
        add(std::move(table));
    }

    void workflows() {
        std::vector<ir::WorkflowId> order;
        for (ir::WorkflowId id : estate.workflows.ids())
            order.push_back(id);
        std::stable_sort(order.begin(), order.end(), [&](ir::WorkflowId a, ir::WorkflowId b) {
            return inventory.workflows[a.value].complexity() >
                   inventory.workflows[b.value].complexity();
        });
        Table table{"Workflows, the most complex first",
                    "in and out: hard dependencies on and of other workflows",
                    {"workflow", "complexity", "jobs", "depth", "atoms", "in", "out", "fidelity",
                     "assumptions"},
                    {},
                    order.size()};
        for (size_t i = 0; i < order.size() && i < limit; ++i) {
            migration::WorkflowSurvey const& each = inventory.workflows[order[i].value];
            table.rows.push_back(
                {nameOf(estate, order[i]), std::to_string(each.complexity()),
                 std::to_string(each.jobs), std::to_string(each.depth), std::to_string(each.atoms),
                 std::to_string(each.dependenciesIn), std::to_string(each.dependenciesOut),
                 migration::toString(each.fidelity).str(), llvm::join(each.assumptions, ", ")});
        }
        add(std::move(table));
    }

    void idle() {
        Table table{"Jobs that never run",
                    "`hoist explain CODE` says what a code means",
                    {"job", "code", "defined in"},
                    {},
                    inventory.neverRun.size()};
        for (size_t i = 0; i < inventory.neverRun.size() && i < limit; ++i) {
            migration::Idle const& each = inventory.neverRun[i];
            table.rows.push_back({nameOf(estate, each.job), each.code, placeOf(estate, each.job)});
        }
        add(std::move(table));
    }

    void unawaited() {
        Table table{"Jobs that nobody waits for",
                    "nor for a box around them",
                    {"job", "defined in"},
                    {},
                    inventory.unawaited.size()};
        for (size_t i = 0; i < inventory.unawaited.size() && i < limit; ++i)
            table.rows.push_back(
                {nameOf(estate, inventory.unawaited[i]), placeOf(estate, inventory.unawaited[i])});
        add(std::move(table));
    }

    void alike(bool exact, char const* title, char const* remark) {
        Table table{title, remark, {"jobs", "which"}, {}, 0};
        for (migration::Alike const& each : inventory.alike)
            if (each.exact == exact && ++table.total <= limit)
                table.rows.push_back(
                    {std::to_string(each.jobs.size()), namesOf(estate, each.jobs, 6)});
        add(std::move(table));
    }

    void runs() {
        if (inventory.statistics.empty())
            return;
        std::vector<ir::JobId> order;
        for (ir::JobId id : estate.jobs.ids())
            if (inventory.statistics[id.value].runs > 0)
                order.push_back(id);
        std::stable_sort(order.begin(), order.end(), [&](ir::JobId a, ir::JobId b) {
            return inventory.statistics[a.value].p95 > inventory.statistics[b.value].p95;
        });
        Table table{
            "Runs, the longest first",
            fmt::format("{} of {} jobs have runs in the history", order.size(), estate.jobs.size()),
            {"job", "runs", "failed", "terminated", "p50", "p95", "p99", "longest"},
            {},
            order.size()};
        for (size_t i = 0; i < order.size() && i < limit; ++i) {
            migration::RunStatistics const& each = inventory.statistics[order[i].value];
            table.rows.push_back({nameOf(estate, order[i]), std::to_string(each.runs),
                                  std::to_string(each.failures), std::to_string(each.terminated),
                                  duration(each.p50), duration(each.p95), duration(each.p99),
                                  duration(each.longest)});
        }
        add(std::move(table));
    }

    void add(Table table) {
        if (table.total > 0)
            tables.push_back(std::move(table));
    }

    ir::Estate const& estate;
    Inventory const& inventory;
    size_t limit;
    std::vector<Table> tables;
};

std::string headline(ir::Estate const& estate) {
    return fmt::format("{} jobs ({} boxes) in {} workflows; {} calendars, {} machines, {} "
                       "resources, {} globals",
                       estate.jobs.size(), estate.groups.size(), estate.workflows.size(),
                       estate.calendars.size(), estate.machines.size(), estate.resources.size(),
                       estate.variables.size());
}

Json countsJson(std::map<std::string, size_t> const& map) {
    Json rows = Json::array();
    for (auto const& [name, jobs] : map)
        rows.push_back({{"name", toUtf8(name)}, {"jobs", jobs}});
    return rows;
}

Json surveyJson(ir::Estate const& estate, ir::WorkflowId id,
                migration::WorkflowSurvey const& each) {
    Json assumptions = Json::array();
    for (std::string const& assumption : each.assumptions)
        assumptions.push_back(toUtf8(assumption));
    return {{"name", toUtf8(nameOf(estate, id))},
            {"dialect", ir::toString(estate.workflows[id].dialect).str()},
            {"fidelity", migration::toString(each.fidelity).str()},
            {"assumptions", std::move(assumptions)},
            {"constructs",
             {{"exact", each.exact},
              {"approximated", each.approximated},
              {"dropped", each.dropped},
              {"refused", each.refused}}},
            {"complexity", each.complexity()},
            {"jobs", each.jobs},
            {"boxes", each.boxes},
            {"depth", each.depth},
            {"schedules", each.schedules},
            {"atoms", each.atoms},
            {"unusual_atoms", each.unusualAtoms},
            {"dependencies_in", each.dependenciesIn},
            {"dependencies_out", each.dependenciesOut}};
}

} // namespace

std::string inventoryText(ir::Estate const& estate, Inventory const& inventory) {
    std::string out = headline(estate) + "\n";
    for (Table const& table : Tables(estate, inventory, 10).all()) {
        out += "\n" + table.title + "\n";
        std::vector<size_t> widths;
        for (std::string const& head : table.heads)
            widths.push_back(head.size());
        std::vector<std::vector<std::string>> shown;
        for (auto const& row : table.rows) {
            auto& cells = shown.emplace_back();
            for (size_t i = 0; i < row.size(); ++i) {
                std::string cell = printable(row[i]);
                if (cell.size() > 96) { // at a whole character
                    size_t end = 95;
                    while (end > 0 && (static_cast<unsigned char>(cell[end]) & 0xC0) == 0x80)
                        --end;
                    cell = cell.substr(0, end) + "…";
                }
                widths[i] = std::max(widths[i], std::min<size_t>(cell.size(), 60));
                cells.push_back(std::move(cell));
            }
        }
        auto const line = [&](std::vector<std::string> const& cells) {
            std::string text = " ";
            for (size_t i = 0; i < cells.size(); ++i) {
                bool const isNumber = i > 0 && !cells[i].empty() && llvm::isDigit(cells[i][0]);
                text += isNumber ? fmt::format(" {:>{}}", cells[i], widths[i])
                                 : fmt::format(" {:<{}}", cells[i], widths[i]);
            }
            return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
        };
        out += line(table.heads);
        for (auto const& row : shown)
            out += line(row);
        if (table.total > table.rows.size())
            out += fmt::format("  and {} more\n", table.total - table.rows.size());
    }
    return out;
}

std::string inventoryJson(ir::Estate const& estate, Inventory const& inventory) {
    Json workflows = Json::array(), never = Json::array(), unawaited = Json::array(),
         alike = Json::array();
    for (ir::WorkflowId id : estate.workflows.ids())
        workflows.push_back(surveyJson(estate, id, inventory.workflows[id.value]));
    for (migration::Idle const& each : inventory.neverRun)
        never.push_back({{"job", toUtf8(nameOf(estate, each.job))}, {"code", each.code}});
    for (ir::JobId id : inventory.unawaited)
        unawaited.push_back(toUtf8(nameOf(estate, id)));
    for (migration::Alike const& each : inventory.alike) {
        Json jobs = Json::array();
        for (ir::JobId id : each.jobs)
            jobs.push_back(toUtf8(nameOf(estate, id)));
        alike.push_back({{"exact", each.exact}, {"jobs", std::move(jobs)}});
    }
    Json document{{"format", "hoist-inventory"},
                  {"version", 1},
                  {"totals",
                   {{"jobs", estate.jobs.size()},
                    {"boxes", estate.groups.size()},
                    {"workflows", estate.workflows.size()},
                    {"calendars", estate.calendars.size()},
                    {"machines", estate.machines.size()},
                    {"resources", estate.resources.size()},
                    {"globals", estate.variables.size()}}},
                  {"by_dialect", countsJson(inventory.byDialect)},
                  {"by_kind", countsJson(inventory.byKind)},
                  {"by_owner", countsJson(inventory.byOwner)},
                  {"by_machine", countsJson(inventory.byMachine)},
                  {"by_application", countsJson(inventory.byApplication)},
                  {"by_group", countsJson(inventory.byGroup)},
                  {"workflows", std::move(workflows)},
                  {"never_run", std::move(never)},
                  {"unawaited", std::move(unawaited)},
                  {"alike", std::move(alike)}};
    if (!inventory.statistics.empty()) {
        Json runs = Json::array();
        for (ir::JobId id : estate.jobs.ids())
            if (migration::RunStatistics const& each = inventory.statistics[id.value];
                each.runs > 0)
                runs.push_back({{"job", toUtf8(nameOf(estate, id))},
                                {"runs", each.runs},
                                {"failures", each.failures},
                                {"terminated", each.terminated},
                                {"p50", each.p50},
                                {"p95", each.p95},
                                {"p99", each.p99},
                                {"longest", each.longest}});
        document["runs"] = std::move(runs);
    }
    return document.dump(2) + "\n";
}

std::string quoteCsv(llvm::StringRef bytes) {
    std::string text = printable(bytes);
    if (!text.empty() && llvm::StringRef("=+-@").contains(text.front()))
        text.insert(text.begin(), '\'');
    if (text.find_first_of("\",;'") == std::string::npos && text == llvm::StringRef(text).trim())
        return text;
    std::string out = "\"";
    for (char const c : text) {
        if (c == '"')
            out += '"';
        out += c;
    }
    return out + "\"";
}

std::string inventoryCsv(ir::Estate const& estate, Inventory const& inventory) {
    std::string out =
        "job,kind,workflow,box,dialect,owner,machine,application,group,fidelity,"
        "never_runs,awaited,duplicates,runs,failures,p50_seconds,p95_seconds,place\r\n";
    std::vector<std::string> never(estate.jobs.size());
    for (migration::Idle const& each : inventory.neverRun)
        never[each.job.value] = each.code;
    std::vector<bool> unawaited(estate.jobs.size());
    for (ir::JobId id : inventory.unawaited)
        unawaited[id.value] = true;
    std::vector<size_t> duplicates(estate.jobs.size());
    for (migration::Alike const& each : inventory.alike)
        if (each.exact)
            for (ir::JobId id : each.jobs)
                duplicates[id.value] = each.jobs.size() - 1;
    for (ir::JobId id : estate.jobs.ids()) {
        ir::Job const& job = estate.jobs[id];
        std::vector<std::string> cells{
            nameOf(estate, id),
            migration::kindOf(job),
            nameOf(estate, job.workflow),
            job.box ? nameOf(estate, job.box) : "",
            ir::toString(job.dialect).str(),
            job.owner->str(),
            llvm::join(*job.machines, " "),
            job.application->str(),
            migration::groupOf(job).str(),
            migration::toString(inventory.workflows[job.workflow.value].fidelity).str(),
            never[id.value],
            unawaited[id.value] ? "no" : "yes",
            std::to_string(duplicates[id.value])};
        if (inventory.statistics.empty() || inventory.statistics[id.value].runs == 0) {
            cells.insert(cells.end(), 4, "");
        } else {
            migration::RunStatistics const& each = inventory.statistics[id.value];
            for (size_t const value :
                 {each.runs, each.failures + each.terminated, static_cast<size_t>(each.p50),
                  static_cast<size_t>(each.p95)})
                cells.push_back(std::to_string(value));
        }
        cells.push_back(placeOf(estate, id));
        for (size_t i = 0; i < cells.size(); ++i)
            out += (i ? "," : "") + quoteCsv(cells[i]);
        out += "\r\n";
    }
    return out;
}

std::string inventoryHtml(ir::Estate const& estate, Inventory const& inventory,
                          llvm::StringRef title) {
    // The only style is the one here, and nothing runs.
    std::string out =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Inventory: " +
        escapeHtml(title) +
        "</title>\n<style>\n"
        "body { font: 14px/1.5 system-ui, \"DejaVu Sans\", sans-serif; max-width: 1100px; margin: "
        "24px auto; padding: 0 16px; }\n"
        "table { border-collapse: collapse; } th, td { text-align: left; padding: 3px 14px 3px 0; "
        "border-bottom: 1px solid #8884; vertical-align: top; overflow-wrap: anywhere; }\n"
        "td.n { text-align: right; font-variant-numeric: tabular-nums; } th { white-space: nowrap; "
        "}\nh2 { font-size: 17px; margin: 28px 0 4px; } p { color: #888; margin: 0 0 6px; } bdi { "
        "unicode-bidi: isolate; }\n</style>\n</head>\n<body>\n<h1>Inventory: <bdi>" +
        escapeHtml(title) + "</bdi></h1>\n<p>" + escapeHtml(headline(estate)) + "</p>\n";
    for (Table const& table : Tables(estate, inventory, 1000).all()) {
        out += "<h2>" + escapeHtml(table.title) + "</h2>\n";
        if (!table.remark.empty())
            out += "<p>" + escapeHtml(table.remark) + "</p>\n";
        out += "<table>\n<tr>";
        for (std::string const& head : table.heads)
            out += "<th>" + escapeHtml(head) + "</th>";
        out += "</tr>\n";
        for (auto const& row : table.rows) {
            out += "<tr>";
            for (size_t i = 0; i < row.size(); ++i)
                out += (i > 0 && !row[i].empty() && llvm::isDigit(row[i][0]) ? "<td class=\"n\">"
                                                                             : "<td>") +
                       std::string("<bdi>") + escapeHtml(row[i]) + "</bdi></td>";
            out += "</tr>\n";
        }
        out += "</table>\n";
        if (table.total > table.rows.size())
            out += fmt::format("<p>and {} more; `--format json` has all</p>\n",
                               table.total - table.rows.size());
    }
    return out + "</body>\n</html>\n";
}

} // namespace hoist::report
