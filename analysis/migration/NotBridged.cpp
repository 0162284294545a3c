// What no bridge carries: why, and what to do about it.
#include "analysis/migration/Bridges.h"

#include <fmt/format.h>

namespace hoist::migration {

using diag::Code;

std::string NotBridged::why() const {
    switch (code) {
    case Code::ResourceNotBridged: return "each side counts the units of a resource alone";
    case Code::LoadNotBridged: return "each side counts the load of a machine alone";
    case Code::ExitCodeNotBridged:
        return "the exit code of a job that is no plain command cannot be told";
    case Code::ExitCodeKeptTooLong:
        return "its last exit code counts in AutoSys until it starts again itself; before, until "
               "its box did";
    case Code::EventNotBridged:
        return "its sendevent reaches AutoSys, which no longer runs that job";
    case Code::InstanceNotBridged: return "the runs of another instance are in that instance's log";
    case Code::NameNotBridged: return "AutoSys accepts no such name";
    case Code::OrderNotBridged: return "the two schedulers tell each other, not the ledger";
    case Code::VariableNotBridged: return "the variables of its server are Control-M's own";
    case Code::ForcedOrderNotBridged: return "a rule orders what its own scheduler has";
    default: return "the table of events is that of the old scheduler";
    }
}

std::string NotBridged::sentence() const {
    return fmt::format("`{}` crosses to `{}`, and no bridge carries it: {}", object, to, why());
}

namespace {

struct Words {
    std::string here, there; ///< under the caret of each side
    std::string help;
};

Words wordsOf(NotBridged const& each, std::string const& wave) {
    std::string const together =
        fmt::format("keep `{}` and `{}` in one wave (`[[plan.together]]`)", each.from, each.to);
    std::string const asks = fmt::format("`{}` asks for it here", each.to);
    std::string const moves = fmt::format("`{}` moves in wave {}", each.from, wave);
    switch (each.code) {
    case Code::ResourceNotBridged:
    case Code::LoadNotBridged: {
        bool const isLoad = each.code == Code::LoadNotBridged;
        return {fmt::format("`{}` takes {} here, in AutoSys", each.to, isLoad ? "load" : "units"),
                fmt::format("`{}` takes {} here, in Airflow from wave {} on", each.from,
                            isLoad ? "load" : "units", wave),
                fmt::format("keep all its users in one wave (`[[plan.together]]`), or lower {} in "
                            "AutoSys by what the pool in Airflow gets, until the last of them has "
                            "moved",
                            isLoad ? "`max_load`" : "`amount`")};
    }
    case Code::ExitCodeNotBridged:
        return {asks, moves,
                together + fmt::format(", or move `{}` before it (`[[plan.order]]`): the ledger "
                                       "hears exit codes from AutoSys",
                                       each.to)};
    case Code::ExitCodeKeptTooLong:
        return {asks, moves,
                together +
                    fmt::format(", or move `{}` before it (`[[plan.order]]`), or join `d({})` to "
                                "the condition, which is carried",
                                each.to, each.from)};
    case Code::EventNotBridged:
        return {fmt::format("`{}` sends it here", each.from),
                fmt::format("`{}` moves in wave {}", each.to, wave),
                "write `hoistctl sendevent` in place of `sendevent` with that wave: it takes the "
                "same events, and tells the ledger"};
    case Code::InstanceNotBridged:
        return {fmt::format("`{}` waits for it here", each.to), "",
                fmt::format("let a job of this instance wait for `{}`, and this one for that job, "
                            "which is heard; or pin `{}` into a late wave (`[[plan.pin]]`)",
                            each.object, each.to)};
    case Code::NameNotBridged:
        return {each.from == each.to ? "its definition cannot be changed"
                                     : fmt::format("`{}` waits for it here", each.to),
                moves,
                each.from == each.to ? "rename it before that wave"
                                     : "rename it before that wave, or " + together};
    case Code::OrderNotBridged:
        return {fmt::format("`{}` waits for it here", each.to), "it is ordered here", together};
    case Code::VariableNotBridged:
        return {fmt::format("`{}` reads it here", each.to),
                fmt::format("`{}` sets it here", each.from),
                together + ", or set it yourself on the other side each time: `hoistctl sendevent "
                           "-E SET_GLOBAL` in the ledger, `ctmvar` in Control-M"};
    case Code::ForcedOrderNotBridged:
        return {fmt::format("`{}` orders it here", each.from), "it is defined here", together};
    default:
        return {fmt::format("`{}` waits for it here", each.to),
                fmt::format("`{}` adds it here", each.from), together};
    }
}

} // namespace

void report(NotBridged const& each, std::string const& wave, diag::Diagnostics& diags) {
    auto builder = [&] {
        std::string const &object = each.object, &to = each.to;
        switch (each.code) {
        case Code::ResourceNotBridged:
            return diags.report<Code::ResourceNotBridged>(each.where, object, wave);
        case Code::LoadNotBridged:
            return diags.report<Code::LoadNotBridged>(each.where, object, wave);
        case Code::ExitCodeNotBridged:
            return diags.report<Code::ExitCodeNotBridged>(each.where, object, wave, to);
        case Code::ExitCodeKeptTooLong:
            return diags.report<Code::ExitCodeKeptTooLong>(each.where, object, wave, to);
        case Code::EventNotBridged:
            return diags.report<Code::EventNotBridged>(each.where, object, to, wave);
        case Code::InstanceNotBridged:
            return diags.report<Code::InstanceNotBridged>(each.where, object, to, wave);
        case Code::NameNotBridged:
            return diags.report<Code::NameNotBridged>(each.where, object, wave);
        case Code::OrderNotBridged:
            return diags.report<Code::OrderNotBridged>(each.where, object, to, wave);
        case Code::ForcedOrderNotBridged:
            return diags.report<Code::ForcedOrderNotBridged>(each.where, each.from, to, wave);
        case Code::VariableNotBridged:
            return diags.report<Code::VariableNotBridged>(each.where, object, each.from, to, wave);
        default: return diags.report<Code::FactNotBridged>(each.where, object, each.from, to, wave);
        }
    }();
    Words words = wordsOf(each, wave);
    builder.object(each.object)
        .evidence(each.to + "\n" + each.from)
        .primary(std::move(words.here))
        .label(each.other, std::move(words.there))
        .help(std::move(words.help));
}

} // namespace hoist::migration
