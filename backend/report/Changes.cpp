// What `hoist diff` and `hoist drift` say.
#include "backend/report/Changes.h"

#include "backend/report/Story.h"
#include "backend/report/Utf8.h"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace hoist::report {

using diag::Code;
using diag::shown;
using Kind = equivalence::Change::Kind;

namespace {

std::string_view wordOf(Kind kind) {
    switch (kind) {
    case Kind::added: return "added";
    case Kind::removed: return "removed";
    case Kind::changed: return "changed";
    case Kind::undecided: return "undecided";
    }
    return "changed";
}

std::string placeText(ir::Estate const& estate, Span span) {
    if (!span.isValid())
        return {};
    return fmt::format("{}:{}", shown(estate.sources.path(estate.sources.fileOf(span))),
                       estate.sources.start(span).line);
}

} // namespace

void reportChanges(ir::Estate const& before, ir::Estate const& after,
                   equivalence::DiffResult const& result, diag::Diagnostics& diags) {
    for (equivalence::Change const& change : result.changes) {
        std::string const aspect(shown(equivalence::toString(change.aspect)));
        if (change.kind == Kind::undecided) {
            diags.report<Code::ChangeUndecided>(change.newPlace, change.job, change.consequence)
                .object(change.job)
                .evidence(aspect);
            continue;
        }
        auto builder = diags.report<Code::BehaviourChanged>(change.newPlace, aspect, change.job,
                                                            change.consequence);
        builder.object(change.job)
            .evidence(fmt::format("{}: {} / {}", aspect, change.before, change.after));
        if (change.newPlace.isValid())
            builder.primary("now: " + change.after);
        std::string const place = placeText(before, change.oldPlace);
        if (!change.before.empty())
            builder.note(fmt::format("before{}: {}", place.empty() ? "" : " (" + place + ")",
                                     change.before));
        addStory(builder, after, change.story);
    }
}

std::string changesText(equivalence::DiffResult const& result) {
    size_t width = 0;
    for (auto const& change : result.changes)
        width = std::max(width, change.job.size());
    width = std::min<size_t>(width, 60);
    std::string text;
    size_t undecided = 0;
    for (auto const& change : result.changes) {
        undecided += change.kind == Kind::undecided;
        text += fmt::format("{:<{}}  {:<9}  {:<8}  {}\n", printable(change.job), width,
                            wordOf(change.kind), shown(equivalence::toString(change.aspect)),
                            printable(change.consequence));
    }
    text += fmt::format(
        "{} jobs in both versions: {} changes in behaviour, {} undecided, {} conditions "
        "rewritten without effect\n",
        result.jobs, result.changes.size() - undecided, undecided, result.rewritten);
    return text;
}

std::string changesJson(ir::Estate const& before, ir::Estate const& after,
                        equivalence::DiffResult const& result,
                        std::optional<CertificateReport> const& certificates) {
    using Json = nlohmann::ordered_json;
    auto const place = [](ir::Estate const& estate, Span span) -> Json {
        if (!span.isValid())
            return nullptr;
        auto const start = estate.sources.start(span);
        return {{"file", toUtf8(estate.sources.path(estate.sources.fileOf(span)))},
                {"line", start.line},
                {"column", start.column}};
    };
    Json changes = Json::array();
    for (auto const& change : result.changes) {
        Json story = Json::array();
        for (std::string const& line : change.story)
            story.push_back(toUtf8(line));
        changes.push_back({{"kind", wordOf(change.kind)},
                           {"aspect", shown(equivalence::toString(change.aspect))},
                           {"job", toUtf8(change.job)},
                           {"old", place(before, change.oldPlace)},
                           {"new", place(after, change.newPlace)},
                           {"before", toUtf8(change.before)},
                           {"after", toUtf8(change.after)},
                           {"consequence", toUtf8(change.consequence)},
                           {"story", std::move(story)}});
    }
    Json object{{"format", 1},
                {"jobs", result.jobs},
                {"rewritten", result.rewritten},
                {"changes", std::move(changes)}};
    if (certificates) {
        Json list = Json::array();
        for (equivalence::CertificateState const& state : certificates->states) {
            Json reasons = Json::array();
            for (std::string const& reason : state.reasons)
                reasons.push_back(toUtf8(reason));
            list.push_back({{"file", toUtf8(state.file)},
                            {"workflow", toUtf8(state.certificate.workflow)},
                            {"verdict", toUtf8(state.certificate.verdict)},
                            {"state", state.isVoid() ? "void" : "valid"},
                            {"reasons", std::move(reasons)}});
        }
        object["certificates"] = std::move(list);
        Json without = Json::array();
        for (std::string const& name : certificates->without)
            without.push_back(toUtf8(name));
        object["without_certificate"] = std::move(without);
    }
    return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool CertificateReport::isWhole() const {
    return std::none_of(states.begin(), states.end(),
                        [](equivalence::CertificateState const& state) { return state.isVoid(); });
}

void reportCertificates(CertificateReport const& certificates, diag::Diagnostics& diags) {
    for (equivalence::CertificateState const& state : certificates.states) {
        if (!state.isVoid())
            continue;
        auto builder = diags.report<Code::CertificateVoid>(state.place, state.certificate.workflow,
                                                           state.reasons.front());
        builder.object(state.certificate.workflow).evidence(state.reasons.front());
        for (size_t i = 1; i < state.reasons.size(); ++i)
            builder.note("also: " + state.reasons[i]);
        builder.note(fmt::format("it is `{}`", shown(llvm::StringRef(state.file))));
    }
}

std::string certificatesText(std::optional<CertificateReport> const& certificates) {
    if (!certificates)
        return {};
    std::string text;
    size_t isVoid = 0;
    for (equivalence::CertificateState const& state : certificates->states) {
        isVoid += state.isVoid();
        for (std::string const& reason : state.reasons)
            text += fmt::format("{}  void  {}\n", printable(state.certificate.workflow),
                                printable(reason));
    }
    text += fmt::format("{} certificates: {} void; {} workflows without one\n",
                        certificates->states.size(), isVoid, certificates->without.size());
    return text;
}

} // namespace hoist::report
