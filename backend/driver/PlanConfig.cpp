// `[plan]` of hoist.toml: limits of waves, the calendar, and rows about workflows.
#include "backend/driver/PlanConfig.h"

#include "backend/driver/TomlReader.h"

#include <fmt/format.h>

#include <memory>

namespace hoist {
namespace {

constexpr int64_t most = 1'000'000;

class PlanReader : TomlReader {
public:
    PlanReader(FileId fileId, ir::Estate& model, RunSettings& runSettings,
               diag::Diagnostics& diagnostics)
        : TomlReader(fileId, model, runSettings, diagnostics), plan(runSettings.plan) {}

    void read(toml::node const& node) {
        readTable("plan", node,
                  {
                      number("wave_size", plan.waveSize),
                      number("waves", plan.waves),
                      number("jobs_per_wave", plan.jobsPerWave),
                      number("load_per_wave", plan.loadPerWave),
                      number("owners_per_wave", plan.ownersPerWave),
                      number("done", plan.done, 0),
                      plainNumber("move_gain", plan.moveGain, 0),
                      plainNumber("every", plan.every, 1),
                      {"low_risk_first",
                       [&](auto const& value) {
                           bool isSet = false;
                           readValue("plan.low_risk_first", value, isSet, "true or false");
                           if (isSet)
                               plan.lowRiskFirst = spanOf(value.source());
                       }},
                      {"split_cycles",
                       [&](auto const& value) {
                           readValue("plan.split_cycles", value, plan.splitCycles, "true or false");
                       }},
                      day("start", plan.start),
                      day("end", plan.end),
                      rows("pin", [&](auto const& row) { readPin(row); }),
                      rows("tier", [&](auto const& row) { readTier(row); }),
                      rows("owner", [&](auto const& row) { readOwner(row); }),
                      rows("together",
                           [&](auto const& row) { readGroup("together", row, plan.together); }),
                      rows("apart", [&](auto const& row) { readGroup("apart", row, plan.apart); }),
                      rows("order", [&](auto const& row) { readOrder(row); }),
                      rows("freeze", [&](auto const& row) { readFreeze(row); }),
                  });
        if (plan.start && plan.end && plan.end->value < plan.start->value)
            bad("plan.end", node, "it lies before `start`");
        if (!plan.start && (plan.end || !plan.freezes.empty()))
            bad("plan", node, "`end` and `freeze` need `start`: the day of the first wave");
    }

private:
    using Entry = std::pair<llvm::StringRef, Reader>;

    static std::string pathOf(llvm::StringRef key) { return ("plan." + key).str(); }

    bool readCount(std::string const& key, toml::node const& node, int64_t& value, int64_t least) {
        auto const given = node.value_exact<int64_t>();
        if (!given)
            bad(key, node, "a number is needed");
        else if (*given < least || *given > most)
            bad(key, node, fmt::format("a number from {} to {} is needed", least, most));
        else
            value = *given;
        return given.has_value();
    }

    Entry plainNumber(llvm::StringRef key, int64_t& target, int64_t least) {
        return {key, [this, key, &target, least](auto const& node) {
                    readCount(pathOf(key), node, target, least);
                }};
    }

    void readNumber(std::string const& key, toml::node const& node,
                    migration::PlanSettings::Number& target, int64_t least = 1) {
        int64_t value = least;
        if (readCount(key, node, value, least))
            target = {value, spanOf(node.source())};
    }

    Entry number(llvm::StringRef key, migration::PlanSettings::Number& target, int64_t least = 1) {
        return {key, [this, key, &target, least](auto const& node) {
                    readNumber(pathOf(key), node, target, least);
                }};
    }

    Entry day(llvm::StringRef key, std::optional<migration::Said<std::string>>& target) {
        return {key, [this, key, &target](auto const& node) {
                    std::string text;
                    readDay(pathOf(key), node, text);
                    if (!text.empty())
                        target = {text, spanOf(node.source())};
                }};
    }

    Entry rows(llvm::StringRef key, Reader const& readRow) {
        return {key, [this, key, readRow](auto const& node) {
                    auto const* const list = node.as_array();
                    if (!list)
                        return bad(pathOf(key), node,
                                   fmt::format("write `[[plan.{}]]`", diag::shown(key)));
                    for (toml::node const& row : *list) {
                        findings.rows[pathOf(key)].push_back(placeOf(row));
                        readRow(row);
                    }
                }};
    }

    /// A key of a row, whose value is a text that is not empty.
    Entry text(std::string const& key, std::string& target) {
        names.push_back(std::make_unique<std::string>(llvm::StringRef(key).rsplit('.').second));
        return {llvm::StringRef(*names.back()), [this, key, &target](auto const& node) {
                    readText(key, node, target);
                    if (node.is_string() && target.empty())
                        bad(key, node, "it must not be empty");
                }};
    }

    /// What a row cannot do without.
    bool hasAll(char const* table, toml::node const& row, std::initializer_list<char const*> keys) {
        auto const* const content = row.as_table();
        if (!content)
            return false; // said already
        for (char const* const key : keys)
            if (!content->contains(key)) {
                bad(table, row, fmt::format("`{}` is needed", key));
                return false;
            }
        return true;
    }

    void readPin(toml::node const& row) {
        migration::PlanSettings::Pin pin;
        pin.span = spanOf(row.source());
        readTable(
            "plan.pin", row,
            {text("plan.pin.workflow", pin.workflow),
             {"wave", [&](auto const& node) { readCount("plan.pin.wave", node, pin.wave, 1); }}});
        if (hasAll("plan.pin", row, {"workflow", "wave"}))
            plan.pins.push_back(std::move(pin));
    }

    Table boundsOf(char const* table, migration::PlanSettings::Number& notBefore,
                   migration::PlanSettings::Number& notAfter) {
        std::string const path(table);
        return {{"not_before",
                 [this, path, &notBefore](auto const& node) {
                     readNumber(path + ".not_before", node, notBefore);
                 }},
                {"not_after", [this, path, &notAfter](auto const& node) {
                     readNumber(path + ".not_after", node, notAfter);
                 }}};
    }

    void readTier(toml::node const& row) {
        migration::PlanSettings::Tier tier;
        tier.span = spanOf(row.source());
        Table known{
            {"tier", [&](auto const& node) { readCount("plan.tier.tier", node, tier.tier, 0); }},
            text("plan.tier.workflow", tier.who.workflow),
            text("plan.tier.owner", tier.who.owner),
            text("plan.tier.application", tier.who.application)};
        for (auto& bound : boundsOf("plan.tier", tier.notBefore, tier.notAfter))
            known.push_back(std::move(bound));
        readTable("plan.tier", row, known);
        if (hasAll("plan.tier", row, {"tier"}))
            plan.tiers.push_back(std::move(tier));
    }

    void readOwner(toml::node const& row) {
        migration::PlanSettings::Owner owner;
        owner.span = spanOf(row.source());
        Table known{text("plan.owner.owner", owner.owner), {"per_wave", [&](auto const& node) {
                                                                readNumber("plan.owner.per_wave",
                                                                           node, owner.perWave);
                                                            }}};
        for (auto& bound : boundsOf("plan.owner", owner.notBefore, owner.notAfter))
            known.push_back(std::move(bound));
        readTable("plan.owner", row, known);
        if (hasAll("plan.owner", row, {"owner"}))
            plan.owners.push_back(std::move(owner));
    }

    void readGroup(char const* key, toml::node const& row,
                   std::vector<migration::PlanSettings::Group>& target) {
        migration::PlanSettings::Group group;
        group.span = spanOf(row.source());
        std::string const table = pathOf(key);
        readTable(table, row, {{"workflows", [&](auto const& node) {
                                    readList(table + ".workflows", node,
                                             [&](std::string pattern, toml::node const&) {
                                                 group.workflows.push_back(std::move(pattern));
                                             });
                                }}});
        if (hasAll(table.c_str(), row, {"workflows"}))
            target.push_back(std::move(group));
    }

    void readOrder(toml::node const& row) {
        migration::PlanSettings::Order order;
        order.span = spanOf(row.source());
        readTable("plan.order", row,
                  {text("plan.order.first", order.first), text("plan.order.then", order.then)});
        if (hasAll("plan.order", row, {"first", "then"}))
            plan.orders.push_back(std::move(order));
    }

    void readFreeze(toml::node const& row) {
        migration::PlanSettings::Freeze freeze;
        freeze.span = spanOf(row.source());
        readTable(
            "plan.freeze", row,
            {{"from", [&](auto const& node) { readDay("plan.freeze.from", node, freeze.from); }},
             {"to", [&](auto const& node) { readDay("plan.freeze.to", node, freeze.to); }},
             text("plan.freeze.workflow", freeze.who.workflow),
             text("plan.freeze.owner", freeze.who.owner),
             text("plan.freeze.application", freeze.who.application)});
        if (!hasAll("plan.freeze", row, {"from", "to"}))
            return;
        if (freeze.to < freeze.from)
            bad("plan.freeze.to", row, "it lies before `from`");
        plan.freezes.push_back(std::move(freeze));
    }

    migration::PlanSettings& plan;
    std::vector<std::unique_ptr<std::string>> names; ///< of keys, which the tables point into
};

} // namespace

void readPlanSettings(toml::node const& node, FileId file, ir::Estate& estate,
                      RunSettings& settings, diag::Diagnostics& diags) {
    PlanReader(file, estate, settings, diags).read(node);
}

} // namespace hoist
