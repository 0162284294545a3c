// What `hoist verify` says.
#include "backend/report/Verdicts.h"

#include "backend/report/Story.h"
#include "backend/report/Utf8.h"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace hoist::report {

using diag::Code;
using diag::shown;
using equivalence::Verdict;

namespace {

std::string_view nameOf(ir::Estate const& estate, equivalence::WorkflowResult const& result) {
    return shown(estate.jobs[estate.workflows[result.workflow].root].name);
}

std::string dagOf(target::Bag const& bag, equivalence::WorkflowResult const& result) {
    return result.dag ? bag.dags[result.dag].id : std::string();
}

} // namespace

void reportVerdicts(ir::Estate const& estate, target::Bag const& bag,
                    equivalence::Result const& result, diag::Diagnostics& diags) {
    for (auto const& [file, text] : bag.importErrors)
        diags.report<Code::DagImportError>({}, file, text).object(file);
    for (equivalence::WorkflowResult const& one : result.workflows) {
        std::string const dag = dagOf(bag, one);
        for (equivalence::Difference const& difference : one.findings.differences) {
            std::string const job = estate.jobs[difference.job].name.str();
            auto builder = diags.report<Code::NotEquivalent>(
                difference.definition, std::string(shown(equivalence::toString(difference.aspect))),
                job, difference.consequence);
            builder.object(job)
                .evidence(
                    fmt::format("{} {}: {} / {}", shown(equivalence::toString(difference.aspect)),
                                difference.task, difference.legacySide, difference.airflowSide))
                .primary(difference.legacySide);
            std::string const where =
                dag.empty() ? std::string("Airflow")
                : difference.task.empty()
                    ? fmt::format("DAG `{}` ({})", dag, bag.dags[one.dag].file)
                    : fmt::format("task `{}` of DAG `{}` ({})", difference.task, dag,
                                  bag.dags[one.dag].file);
            builder.note(fmt::format("{}: {}", where, difference.airflowSide));
            addStory(builder, estate, difference.story);
        }
        for (equivalence::Unknown const& unknown : one.findings.unknowns) {
            ir::Job const& job = estate.jobs[unknown.job];
            diags.report<Code::Undecided>(job.nameSpan, job.name, unknown.reason)
                .object(job.name)
                .evidence(unknown.task);
        }
    }
}

std::string verdictsText(ir::Estate const& estate, target::Bag const& bag,
                         equivalence::Result const& result) {
    size_t width = 0;
    for (auto const& one : result.workflows)
        width = std::max(width, nameOf(estate, one).size());
    width = std::min<size_t>(width, 60);
    std::string text;
    for (auto const& one : result.workflows) {
        std::string because;
        auto const add = [&](std::string_view part) {
            because += because.empty() ? "" : ", ";
            because += part;
        };
        if (one.verdict == Verdict::different) {
            for (auto const& difference : one.findings.differences)
                add(fmt::format("{} of {}", shown(equivalence::toString(difference.aspect)),
                                shown(estate.jobs[difference.job].name)));
        } else if (one.verdict == Verdict::unknown) {
            for (auto const& unknown : one.findings.unknowns)
                add(unknown.reason);
        } else {
            for (auto const& assumption : one.findings.assumptions)
                add(assumption.name);
        }
        std::string const line = fmt::format("{:<{}}  {:<13}  {}", nameOf(estate, one), width,
                                             shown(equivalence::toString(one.verdict)), because);
        text += llvm::StringRef(line).rtrim(' ').str() + "\n";
    }
    for (target::DagId id : result.strangers)
        text += fmt::format("{:<{}}  {:<13}  a DAG of no workflow of the estate\n", bag.dags[id].id,
                            width, "-");
    text += fmt::format("{} workflows: {} equivalent, {} equivalent if, {} different, {} unknown\n",
                        result.workflows.size(), result.count(Verdict::equivalent),
                        result.count(Verdict::equivalentIf), result.count(Verdict::different),
                        result.count(Verdict::unknown));
    return text;
}

std::string verdictsJson(ir::Estate const& estate, target::Bag const& bag,
                         equivalence::Result const& result) {
    using Json = nlohmann::ordered_json;
    auto const utf8 = [](llvm::StringRef text) { return toUtf8(text); };
    auto const place = [&](Span span) -> Json {
        if (!span.isValid())
            return nullptr;
        auto const start = estate.sources.start(span);
        return {{"file", utf8(estate.sources.path(estate.sources.fileOf(span)))},
                {"line", start.line},
                {"column", start.column}};
    };
    Json workflows = Json::array();
    for (auto const& one : result.workflows) {
        Json differences = Json::array(), unknowns = Json::array(), assumptions = Json::array();
        for (auto const& d : one.findings.differences)
            differences.push_back({{"aspect", shown(equivalence::toString(d.aspect))},
                                   {"job", utf8(estate.jobs[d.job].name)},
                                   {"definition", place(d.definition)},
                                   {"task", d.task.empty() ? Json(nullptr) : Json(utf8(d.task))},
                                   {"legacy", utf8(d.legacySide)},
                                   {"airflow", utf8(d.airflowSide)},
                                   {"consequence", utf8(d.consequence)},
                                   {"story", [&] {
                                        Json lines = Json::array();
                                        for (std::string const& line : d.story)
                                            lines.push_back(utf8(line));
                                        return lines;
                                    }()}});
        for (auto const& u : one.findings.unknowns)
            unknowns.push_back({{"reason", utf8(u.reason)},
                                {"job", utf8(estate.jobs[u.job].name)},
                                {"task", u.task.empty() ? Json(nullptr) : Json(utf8(u.task))}});
        for (auto const& a : one.findings.assumptions)
            assumptions.push_back({{"name", utf8(a.name)}, {"text", utf8(a.text)}});
        workflows.push_back(
            {{"workflow", utf8(shown(estate.jobs[estate.workflows[one.workflow].root].name))},
             {"dag_id", one.dag ? Json(bag.dags[one.dag].id) : Json(nullptr)},
             {"verdict", shown(equivalence::toString(one.verdict))},
             {"proof",
              {{"jobs", one.jobs},
               {"local", one.provedLocally},
               {"solver", one.provedBySolver},
               {"starts", shown(equivalence::toString(one.starts))},
               {"ending", shown(equivalence::toString(one.ending))}}},
             {"differences", std::move(differences)},
             {"assumptions", std::move(assumptions)},
             {"unknowns", std::move(unknowns)}});
    }
    Json strangers = Json::array();
    for (target::DagId id : result.strangers)
        strangers.push_back(bag.dags[id].id);
    Json const object{{"format", 1},
                      {"airflow", bag.airflowVersion},
                      {"workflows", std::move(workflows)},
                      {"other_dags", std::move(strangers)},
                      {"counts",
                       {{"equivalent", result.count(Verdict::equivalent)},
                        {"equivalent if", result.count(Verdict::equivalentIf)},
                        {"different", result.count(Verdict::different)},
                        {"unknown", result.count(Verdict::unknown)}}}};
    return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace hoist::report
