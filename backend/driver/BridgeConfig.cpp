// Reads `[[bridge]]`: each row is one of two kinds, told by its keys. Whether its names exist is
// for the linker to say.
#include "backend/driver/BridgeConfig.h"

#include <fmt/format.h>

namespace hoist {
namespace {

class BridgeReader : TomlReader {
public:
    using TomlReader::TomlReader;

    void read(toml::node const& node) {
        auto const* const rows = node.as_array();
        if (!rows)
            return bad("bridge", node, "write `[[bridge]]`");
        for (toml::node const& row : *rows) {
            findings.rows["bridge"].push_back(placeOf(row));
            readRow(row);
        }
    }

private:
    void readRow(toml::node const& row) {
        ir::BridgeRule bridge;
        bridge.span = spanOf(row.source());
        std::string deletes;
        auto const text = [&](llvm::StringRef key, std::string& target, Span* span) {
            return std::pair<llvm::StringRef, Reader>(
                key, [this, key, &target, span](auto const& node) {
                    readText(("bridge." + key).str(), node, target);
                    if (node.is_string() && target.empty())
                        bad(("bridge." + key).str(), node, "it must not be empty");
                    if (span)
                        *span = spanOf(node.source());
                });
        };
        readTable("bridge", row,
                  {text("job", bridge.job, &bridge.endSpan),
                   {"on", [&](auto const& node) { readOn(node, bridge); }},
                   text("adds", bridge.condition, &bridge.otherSpan),
                   text("deletes", deletes, &bridge.otherSpan),
                   {"date", [&](auto const& node) { readDate(node, bridge); }},
                   text("server", bridge.server, nullptr),
                   text("controlm", bridge.controlm, &bridge.endSpan),
                   text("as", bridge.as, &bridge.otherSpan)});
        auto const* const table = row.as_table();
        if (!table)
            return;
        bool const isJobs = table->contains("job");
        for (char const* key : {"on", "adds", "deletes", "date", "server"})
            if (!isJobs && table->contains(key))
                return bad("bridge", row, fmt::format("`job` is needed beside `{}`", key));
        if (!isJobs && (!table->contains("controlm") || !table->contains("as")))
            return bad("bridge", row, "`job`, or `controlm` and `as` are needed");
        if (isJobs && (table->contains("controlm") || table->contains("as")))
            return bad("bridge", row, "`job` and `controlm` are two kinds of rows");
        if (isJobs && table->contains("adds") == table->contains("deletes"))
            return bad("bridge", row, "one of `adds` and `deletes` is needed");
        if (!deletes.empty()) {
            bridge.condition = deletes;
            bridge.adds = false;
        }
        if (bridge.adds && bridge.date.kind == ir::Scope::Kind::anyOrderDate)
            return bad("bridge.date", *table->get("date"),
                       "a condition is added with one date, or STAT (CTM-012)");
        bool const isComplete = isJobs ? !bridge.job.empty() && !bridge.condition.empty()
                                       : !bridge.controlm.empty() && !bridge.as.empty();
        if (isComplete)
            estate.settings.bridges.push_back(std::move(bridge));
    }

    void readOn(toml::node const& node, ir::BridgeRule& bridge) {
        std::string word;
        readText("bridge.on", node, word);
        if (word == "success")
            bridge.on = ir::succeeded;
        else if (word == "failure")
            bridge.on = ir::failed;
        else if (word == "terminated")
            bridge.on = ir::terminated;
        else if (word == "done")
            bridge.on = ir::done;
        else if (node.is_string())
            bad("bridge.on", node, "choose success, failure, terminated or done");
    }

    void readDate(toml::node const& node, ir::BridgeRule& bridge) {
        std::string word;
        readText("bridge.date", node, word);
        if (word == "STAT")
            bridge.date.kind = ir::Scope::Kind::noDate;
        else if (word == "****")
            bridge.date.kind = ir::Scope::Kind::anyOrderDate;
        else if (word != "ODAT" && node.is_string())
            bad("bridge.date", node, "choose ODAT or STAT, or of a deletion ****");
    }
};

} // namespace

void readBridges(toml::node const& node, FileId file, ir::Estate& estate, RunSettings& settings,
                 diag::Diagnostics& diags) {
    BridgeReader(file, estate, settings, diags).read(node);
}

} // namespace hoist
