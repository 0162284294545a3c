// What `hoist plan` prints.
#include "backend/report/PlanReport.h"

#include "backend/report/Parts.h"
#include "backend/report/Utf8.h"
#include "frontend/base/Counted.h"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace hoist::report {

using diag::shown;
using migration::Bridge;
using migration::Placement;
using migration::Plan;
using migration::Wave;

namespace {

llvm::StringRef nameOf(ir::Estate const& estate, ir::WorkflowId id) {
    return estate.jobs[estate.workflows[id].root].name;
}

std::string loadText(double load) {
    return load > 0 && load < 9.95 ? fmt::format("{:.1f}", load) : fmt::format("{:.0f}", load);
}

std::string headOf(Plan const& plan, Wave const& wave) {
    return fmt::format("{}, {}, {} runs a day{}; {} to build, {} to remove",
                       counted(wave.workflows.size(), "workflow"), counted(wave.jobs, "job"),
                       loadText(wave.load),
                       plan.hasHistory ? fmt::format(" that last {:.1f} hours", wave.hours) : "",
                       counted(wave.build.size(), "bridge"), wave.remove.size());
}

/// What a bridge does, names between backticks.
std::string bridgeText(ir::Estate const& estate, Plan const& plan, Bridge const& bridge) {
    std::string const until = plan.waves[bridge.removed].name;
    switch (bridge.side) {
    case Bridge::Side::legacyProducer:
        return fmt::format("`{}` in Airflow waits for `{}` of `{}`, which stays until {}",
                           shown(nameOf(estate, bridge.to)), bridge.object,
                           shown(nameOf(estate, bridge.from)), until);
    case Bridge::Side::airflowProducer:
        return fmt::format("`{}` hears of `{}` of `{}` in Airflow until it follows in {}",
                           shown(nameOf(estate, bridge.to)), bridge.object,
                           shown(nameOf(estate, bridge.from)), until);
    case Bridge::Side::shared:
        return fmt::format("`{}` is shared by both sides until {}", bridge.object, until);
    }
    return {};
}

bool isRefused(ir::Estate const& estate, ir::WorkflowId id) { return estate.workflows[id].refused; }

} // namespace

std::string planSummary(Plan const& plan) {
    std::string text =
        fmt::format("{} in {}, {}", counted(plan.placements.size(), "workflow"),
                    counted(plan.waves.size(), "wave"), counted(plan.bridges.size(), "bridge"));
    if (!plan.bridges.empty())
        text += fmt::format(" that {} {} in all", plan.bridges.size() == 1 ? "stands" : "stand",
                            counted(plan.lifetime, "wave"));
    if (plan.kept > 0 || plan.moved > 0)
        text += fmt::format("; {} kept their place, {} moved, {} new", plan.kept, plan.moved,
                            plan.added);
    return text;
}

std::string planText(ir::Estate const& estate, Plan const& plan) {
    std::string text;
    for (Wave const& wave : plan.waves) {
        text += fmt::format("{}{}{}: {}\n", wave.name, wave.date.empty() ? "" : "  ", wave.date,
                            headOf(plan, wave));
        for (ir::WorkflowId const id : wave.workflows) {
            Placement const& placement = plan.placements[id.value];
            text += fmt::format("    {}{}{}  {}\n", printable(nameOf(estate, id)),
                                placement.tier ? fmt::format("  (tier {})", placement.tier) : "",
                                isRefused(estate, id) ? "  REFUSED: mend it first" : "",
                                printable(placement.reason));
        }
        for (uint32_t const bridge : wave.build)
            text += "    + " + printable(bridgeText(estate, plan, plan.bridges[bridge])) + "\n";
        for (uint32_t const bridge : wave.remove)
            text += fmt::format(
                "    - the bridge for `{}`{}\n", printable(plan.bridges[bridge].object),
                plan.bridges[bridge].to
                    ? " and `" + printable(nameOf(estate, plan.bridges[bridge].to)) + "`"
                    : "");
        text += "    back:";
        for (ir::WorkflowId const id : wave.rollback)
            text += " " + printable(nameOf(estate, id));
        text += "\n\n";
    }
    return text + planSummary(plan) + "\n";
}

std::string planMarkdown(ir::Estate const& estate, Plan const& plan) {
    std::string out = "# Plan\n\n" + planSummary(plan) + ".\n";
    for (Wave const& wave : plan.waves) {
        out += fmt::format("\n## {}{}{}\n\n{}.\n", wave.name, wave.date.empty() ? "" : ", ",
                           wave.date, headOf(plan, wave));
        out += "\n| workflow | jobs | runs a day | tier | owner | verdict needed | why here |\n"
               "|---|---|---|---|---|---|---|\n";
        for (ir::WorkflowId const id : wave.workflows) {
            Placement const& placement = plan.placements[id.value];
            out += fmt::format(
                "| {} | {} | {} | {} | {} | {} | {} |\n",
                markdownCode(printable(nameOf(estate, id))), placement.jobs,
                loadText(placement.load), placement.tier ? std::to_string(placement.tier) : "",
                placement.owner.empty() ? "" : markdownCode(printable(placement.owner)),
                isRefused(estate, id) ? "refused: mend it first" : "equivalent",
                markdownProse(placement.reason));
        }
        if (!wave.build.empty())
            out += "\nBridges to build before:\n\n";
        for (uint32_t const bridge : wave.build)
            out += "- " + markdownProse(bridgeText(estate, plan, plan.bridges[bridge])) + "\n";
        if (!wave.remove.empty())
            out += "\nBridges to remove after:\n\n";
        for (uint32_t const bridge : wave.remove)
            out += "- " + markdownProse(bridgeText(estate, plan, plan.bridges[bridge])) + "\n";
        out += "\nRollback, in this order:\n\n";
        for (ir::WorkflowId const id : wave.rollback)
            out += "1. " + markdownCode(printable(nameOf(estate, id))) + "\n";
    }
    return out;
}

std::string planJson(ir::Estate const& estate, std::vector<migration::Dependency> const& list,
                     Plan const& plan) {
    using Json = nlohmann::ordered_json;
    auto const name = [&](ir::WorkflowId id) { return toUtf8(nameOf(estate, id)); };
    Json waves = Json::array(), bridges = Json::array();
    for (Wave const& wave : plan.waves) {
        Json workflows = Json::array(), rollback = Json::array();
        for (ir::WorkflowId const id : wave.workflows) {
            Placement const& placement = plan.placements[id.value];
            Json row{{"name", name(id)},
                     {"jobs", placement.jobs},
                     {"load", placement.load},
                     {"tier", placement.tier},
                     {"owner", placement.owner.empty() ? Json() : Json(toUtf8(placement.owner))},
                     {"kept", placement.isKept},
                     {"verdict", isRefused(estate, id) ? "refused" : "needed"},
                     {"reason", toUtf8(placement.reason)}};
            if (plan.hasHistory)
                row["hours"] = placement.hours;
            workflows.push_back(std::move(row));
        }
        for (ir::WorkflowId const id : wave.rollback)
            rollback.push_back(name(id));
        waves.push_back({{"name", wave.name},
                         {"date", wave.date.empty() ? Json() : Json(wave.date)},
                         {"jobs", wave.jobs},
                         {"load", wave.load},
                         {"workflows", std::move(workflows)},
                         {"build", wave.build},
                         {"remove", wave.remove},
                         {"rollback", std::move(rollback)}});
        if (plan.hasHistory)
            waves.back()["hours"] = wave.hours;
    }
    for (Bridge const& bridge : plan.bridges) {
        Json row{{"side", bridge.side == Bridge::Side::legacyProducer    ? "legacy_producer"
                          : bridge.side == Bridge::Side::airflowProducer ? "airflow_producer"
                                                                         : "shared"},
                 {"object", toUtf8(bridge.object)}};
        if (bridge.side == Bridge::Side::shared) {
            row["workflows"] = Json::array();
            for (ir::WorkflowId const id : bridge.sharers)
                row["workflows"].push_back(name(id));
        } else {
            row["from"] = name(bridge.from);
            row["to"] = name(bridge.to);
        }
        row["built"] = plan.waves[bridge.built].name;
        row["removed"] = plan.waves[bridge.removed].name;
        row["dependencies"] = Json::array();
        for (uint32_t const index : bridge.dependencies) {
            migration::Dependency const& each = list[index];
            Span const span = estate.constructs.span(each.evidence);
            Json place;
            if (span.isValid())
                place = {{"file", toUtf8(estate.sources.path(estate.sources.fileOf(span)))},
                         {"line", estate.sources.start(span).line}};
            row["dependencies"].push_back({{"kind", shown(migration::toString(each.kind))},
                                           {"consumer", toUtf8(estate.jobs[each.consumer].name)},
                                           {"text", toUtf8(each.text)},
                                           {"place", std::move(place)}});
        }
        bridges.push_back(std::move(row));
    }
    Json const document{{"format", 1},
                        {"workflows", plan.placements.size()},
                        {"lifetime", plan.lifetime},
                        {"kept", plan.kept},
                        {"moved", plan.moved},
                        {"added", plan.added},
                        {"waves", std::move(waves)},
                        {"bridges", std::move(bridges)}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace hoist::report
