// plan.lock.toml: where each workflow lies, kept from plan to plan.
#include "backend/report/PlanFile.h"

#include "backend/report/Utf8.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include <llvm/Support/ConvertUTF.h>

#include <fmt/format.h>

#include <algorithm>

namespace hoist::report {
namespace {

using migration::Bridge;
using migration::Plan;
using migration::Wave;

/// Whether a reader of the file could be misled by the character itself.
bool isHidden(uint32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0xAD || point == 0x61C ||
           (point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
           (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF ||
           (point >= 0xE0000 && point <= 0xE007F);
}

std::string_view sideName(Bridge::Side side) {
    switch (side) {
    case Bridge::Side::legacyProducer: return "legacy_producer";
    case Bridge::Side::airflowProducer: return "airflow_producer";
    case Bridge::Side::shared: return "shared";
    }
    return "shared";
}

llvm::StringRef nameOf(ir::Estate const& estate, ir::WorkflowId id) {
    return estate.jobs[estate.workflows[id].root].name;
}

std::string bridgeText(ir::Estate const& estate, Bridge const& bridge) {
    std::string text = fmt::format("{{ side = \"{}\", object = {}, ", sideName(bridge.side),
                                   tomlText(bridge.object));
    if (bridge.side != Bridge::Side::shared)
        return text + fmt::format("from = {}, to = {} }}", tomlText(nameOf(estate, bridge.from)),
                                  tomlText(nameOf(estate, bridge.to)));
    text += "workflows = [";
    for (size_t i = 0; i < bridge.sharers.size(); ++i)
        text += (i ? ", " : "") + tomlText(nameOf(estate, bridge.sharers[i]));
    return text + "] }";
}

void addList(std::string& text, char const* key, std::vector<std::string> items) {
    std::sort(items.begin(), items.end());
    text += fmt::format("{} = [", key);
    for (std::string const& item : items)
        text += "\n    " + item + ",";
    text += items.empty() ? "]\n" : "\n]\n";
}

} // namespace

std::string tomlText(llvm::StringRef text) {
    std::string const utf8 = toUtf8(text);
    std::string out = "\"";
    auto const* at = reinterpret_cast<llvm::UTF8 const*>(utf8.data());
    auto const* const end = at + utf8.size();
    while (at < end) {
        auto const* const begin = at;
        llvm::UTF32 point = 0;
        llvm::convertUTF8Sequence(&at, end, &point, llvm::lenientConversion);
        if (at == begin) // never: toUtf8 has made it valid
            break;
        if (point == '"' || point == '\\')
            out += std::string("\\") + static_cast<char>(point);
        else if (isHidden(point))
            out +=
                point > 0xFFFF ? fmt::format("\\U{:08X}", point) : fmt::format("\\u{:04X}", point);
        else
            out.append(reinterpret_cast<char const*>(begin), static_cast<size_t>(at - begin));
    }
    return out + "\"";
}

std::string lockName(llvm::StringRef name) { return toUtf8(name); }

std::string planLock(ir::Estate const& estate, Plan const& plan) {
    std::string text =
        "# The order in which this estate moves: made by `hoist plan`, which keeps it where it "
        "can.\n"
        "# Keep it in version control. Constraints are said in hoist.toml, not here.\n"
        "format = 1\n";
    for (Wave const& wave : plan.waves) {
        text += fmt::format("\n[[wave]]\nname = {}\n", tomlText(wave.name));
        if (!wave.date.empty())
            text += fmt::format("date = {}\n", wave.date);
        std::vector<std::string> names, build, remove;
        for (ir::WorkflowId const id : wave.workflows)
            names.push_back(tomlText(nameOf(estate, id)));
        for (uint32_t const bridge : wave.build)
            build.push_back(bridgeText(estate, plan.bridges[bridge]));
        for (uint32_t const bridge : wave.remove)
            remove.push_back(bridgeText(estate, plan.bridges[bridge]));
        addList(text, "workflows", std::move(names));
        addList(text, "build", std::move(build));
        addList(text, "remove", std::move(remove));
    }
    return text;
}

std::optional<migration::PlannedBefore> readPlanLock(FileId file, SourceMap const& sources,
                                                     diag::Diagnostics& diags) {
    std::string const path = sources.path(file).str();
    auto const bytes = sources.bytes(file);
    auto const refuse = [&](toml::source_region const& region, llvm::StringRef why) {
        // Lines of toml++ count from 1; the start of the line is place enough.
        size_t at = 0;
        for (toml::source_index line = 1; line < region.begin.line; ++line) {
            size_t const newline = bytes.find('\n', at);
            if (newline == llvm::StringRef::npos)
                break;
            at = newline + 1;
        }
        size_t const end = std::min(bytes.find('\n', at), bytes.size());
        diags.report<diag::Code::BadPlan>(sources.span(file, at, end), path, why).object(path);
        return std::nullopt;
    };
    toml::parse_result const result =
        toml::parse(std::string_view(bytes.data(), bytes.size()), std::string_view(path));
    if (!result)
        return refuse(result.error().source(), std::string(result.error().description()));
    toml::table const& top = result.table();
    if (top["format"].value_exact<int64_t>() != 1)
        return refuse(top.source(), "`format` is not 1");
    migration::PlannedBefore before;
    toml::array const* const waves = top["wave"].as_array();
    if (!waves && top.contains("wave"))
        return refuse(top["wave"].node()->source(), "`wave` is no list of tables");
    uint32_t number = 0;
    for (size_t i = 0; waves && i < waves->size(); ++i, ++number) {
        toml::table const* const wave = (*waves)[i].as_table();
        if (!wave)
            return refuse((*waves)[i].source(), "a wave is no table");
        if ((*wave)["name"].value_exact<std::string>() != fmt::format("W{}", number + 1))
            return refuse(wave->source(),
                          fmt::format("wave {} is not named W{}", number + 1, number + 1));
        toml::array const* const workflows = (*wave)["workflows"].as_array();
        if (!workflows)
            return refuse(wave->source(), "a wave has no `workflows`");
        for (toml::node const& each : *workflows) {
            auto const name = each.value_exact<std::string>();
            if (!name)
                return refuse(each.source(), "a workflow is no text");
            before[*name].push_back(number);
        }
    }
    return before;
}

} // namespace hoist::report
