// What the ends of a job tell Control-M (`[[bridge]]`), against the arguments `facts` and
// `business_day` of its task, or of the verdict of a box.
#include "analysis/equivalence/JobComparison.h"
#include "analysis/equivalence/orders/Effects.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/format.h>

namespace hoist::equivalence {
namespace {

std::string joined(std::vector<std::string> const& texts) {
    std::string text;
    for (std::string const& one : texts)
        text += (text.empty() ? "" : ", ") + one;
    return text.empty() ? "no condition" : text;
}

} // namespace

void compareEndFacts(ir::Estate const& estate, ir::Job const& job, nlohmann::json const& facts,
                     nlohmann::json const& businessDay,
                     llvm::function_ref<void(Span where, std::string legacy, std::string airflow,
                                             std::string consequence)>
                         differ) {
    bool isDated = false;
    Span where;
    for (auto const& [outcome, status] : {std::pair(ir::succeeded, "SUCCESS"),
                                          {ir::failed, "FAILURE"},
                                          {ir::terminated, "TERMINATED"}}) {
        std::vector<std::string> wanted, theirs;
        for (ir::FactChange const& change : job.factChanges)
            if ((change.on & outcome) != 0) {
                wanted.push_back(textOf(change, estate.conditions));
                isDated |= change.date.kind == ir::Scope::Kind::sameCycle;
                where = change.span;
            }
        if (facts.is_object() && facts.contains(status) && facts[status].is_array())
            for (nlohmann::json const& one : facts[status])
                theirs.push_back(one.is_string() ? one.get<std::string>() : one.dump());
        if (wanted != theirs)
            differ(where, fmt::format("at {}: {}", status, joined(wanted)),
                   fmt::format("at {}: {}", status, joined(theirs)),
                   fmt::format("jobs of Control-M would wait for other ends of `{}` (CTM-013)",
                               std::string_view(job.name)));
    }
    if (!isDated)
        return;
    std::string const zone = estate.settings.timezone.empty() ? "UTC" : estate.settings.timezone;
    std::string const wanted = fmt::format("{} {}", ir::clockText(estate.settings.newDay), zone);
    std::string const theirs =
        businessDay.is_string() ? businessDay.get<std::string>() : std::string("none");
    if (theirs != wanted)
        differ(where, "New Day: " + wanted, "New Day: " + theirs,
               fmt::format("some ends of `{}` would count for another business day (CTM-002)",
                           std::string_view(job.name)));
}

void JobComparison::compareEndFacts() {
    static nlohmann::json const none;
    bool const tells = isLegacy() || kind == Operator::refusal;
    equivalence::compareEndFacts(
        estate, job, tells ? argument("facts") : none, tells ? argument("business_day") : none,
        [&](Span where, std::string legacy, std::string airflow, std::string consequence) {
            differ(Aspect::verdict, where, std::move(legacy), std::move(airflow),
                   std::move(consequence));
        });
}

} // namespace hoist::equivalence
