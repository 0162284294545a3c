// Variables of Control-M's server (CTM-100): who reads one that nothing of the estate sets waits
// for nobody. A job whose command does ends NOTOK (CTM-104), unless an operator or a script gives
// the variable a value.
#include "analysis/Pass.h"
#include "analysis/ServerVariables.h"

#include <map>

namespace hoist::analysis {

void checkVariables(PassContext& context) {
    ir::Estate const& estate = context.estate;
    ir::SharedVariables const shared(estate);
    struct Read {
        ir::JobId job;
        ir::ConstructId construct;
    };
    std::map<std::string, std::vector<Read>> reads;
    std::vector<std::string> order; // as they come in the definitions
    for (ir::JobId const id : estate.jobs.ids())
        for (ServerVariableUse const& use : serverVariablesRead(estate, id, shared))
            if (!shared.global().contains(use.key)) {
                auto& places = reads[use.key];
                if (places.empty())
                    order.push_back(use.key);
                places.push_back({id, use.construct});
            }
    constexpr size_t mostLabels = 4;
    for (std::string const& key : order) {
        auto const& places = reads[key];
        ir::Job const& first = estate.jobs[places.front().job];
        auto finding = context.diags.report<Code::VariableNeverSet>(
            estate.constructs.span(places.front().construct), key, first.name);
        finding.object(first.name).evidence(key).note("rule CTM-104");
        for (size_t i = 1; i < places.size() && i <= mostLabels; ++i)
            finding.label(
                estate.constructs.span(places[i].construct),
                fmt::format("`{}` reads it, too", shown(estate.jobs[places[i].job].name)));
        if (places.size() > mostLabels + 1)
            finding.note(fmt::format("and {} more read it", places.size() - mostLabels - 1));
    }
}

} // namespace hoist::analysis
