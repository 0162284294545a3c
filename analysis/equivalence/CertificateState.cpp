// Reads certificates back and compares their hashes.
#include "analysis/equivalence/CertificateState.h"

#include "analysis/equivalence/IrHash.h"

#include <llvm/ADT/StringSet.h>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <map>
#include <set>

namespace hoist::equivalence {
namespace {

ir::WorkflowId workflowNamed(ir::Estate const& estate, llvm::StringRef name) {
    auto const it = estate.jobByName.find(name);
    if (it == estate.jobByName.end())
        return {};
    ir::WorkflowId const workflow = estate.jobs[it->second].workflow;
    return workflow && estate.workflows[workflow].root == it->second ? workflow : ir::WorkflowId();
}

/// The sections of a canonical form by their heading: `job 4:LOAD`.
std::map<std::string, llvm::StringRef> sectionsOf(llvm::StringRef form) {
    std::map<std::string, llvm::StringRef> sections;
    // A value may hold anything, so the form is walked by its lengths, never searched.
    llvm::StringRef heading;
    char const* begin = form.begin();
    auto const close = [&](char const* end) {
        if (!heading.empty())
            sections[heading.str()] = {begin, static_cast<size_t>(end - begin)};
    };
    while (!form.empty()) {
        char const* const at = form.begin();
        bool const isSection = form.consume_front("[");
        size_t const split = form.find(isSection ? ' ' : '=');
        size_t length = 0;
        if (split == llvm::StringRef::npos)
            break;
        llvm::StringRef const key = form.take_front(split);
        form = form.drop_front(split + 1);
        if (form.consumeInteger(10, length) || !form.consume_front(":") || length > form.size())
            break;
        form = form.drop_front(length);
        if (isSection) {
            close(at);
            heading = {key.begin(), static_cast<size_t>(form.begin() - key.begin())};
            form.consume_front("]");
            begin = form.begin();
        }
        form.consume_front("\n");
    }
    close(form.begin());
    return sections;
}

/// What two canonical forms say differently: "job `LOAD`, calendar `HOL`".
std::string differingSections(std::string const& before, std::string const& after) {
    auto const a = sectionsOf(before), b = sectionsOf(after);
    std::set<std::string> headings;
    for (auto const* sections : {&a, &b})
        for (auto const& [heading, text] : *sections)
            headings.insert(heading);
    std::string list;
    size_t count = 0;
    for (std::string const& heading : headings) {
        auto const x = a.find(heading), y = b.find(heading);
        if (x != a.end() && y != b.end() && x->second == y->second)
            continue;
        if (++count > 3)
            continue;
        auto const [kind, name] = llvm::StringRef(heading).split(' ');
        list += fmt::format("{}{} `{}`", list.empty() ? "" : ", ", kind.str(),
                            name.split(':').second.str());
    }
    return count > 3 ? fmt::format("{} and {} more", list, count - 3) : list;
}

} // namespace

std::optional<ReadCertificate> readCertificate(llvm::StringRef text, std::string& error) {
    nlohmann::json const json = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
    auto const textAt = [](nlohmann::json const& object, char const* key) {
        auto const it = object.is_object() ? object.find(key) : object.end();
        return object.is_object() && it != object.end() && it->is_string() ? it->get<std::string>()
                                                                           : std::string();
    };
    ReadCertificate certificate;
    if (json.is_object() && json.contains("format") && json["format"] == 1 &&
        json.contains("hashes")) {
        certificate = {textAt(json, "workflow"), textAt(json, "verdict"),
                       textAt(json["hashes"], "ir"), textAt(json["hashes"], "site")};
        if (!certificate.workflow.empty() && !certificate.irHash.empty())
            return certificate;
    }
    error = "it is no certificate of `hoist verify`";
    return std::nullopt;
}

CertificateState stateOf(std::string file, ReadCertificate certificate, ir::Estate const& before,
                         ir::Estate const& after, DiffResult const& result,
                         DiffOptions const& options) {
    CertificateState state{std::move(file), std::move(certificate), {}, {}};
    std::string const& name = state.certificate.workflow;
    auto const renamed = options.renamed.find(name);
    std::string const liveName = renamed == options.renamed.end() ? name : renamed->second;
    ir::WorkflowId const own = workflowNamed(before, name);
    ir::WorkflowId const live = workflowNamed(after, liveName);
    if (live)
        state.place = after.jobs[after.workflows[live].root].nameSpan;
    if (!own)
        state.reasons.emplace_back("the migrated definitions have no such workflow any more");
    else if (irHash(before, own) != state.certificate.irHash)
        state.reasons.emplace_back("the migrated definitions changed after it was written");
    if (own && !state.certificate.siteHash.empty() &&
        siteHash(before.settings) != state.certificate.siteHash)
        state.reasons.emplace_back("the rules of hoist.toml changed after it was written");
    if (!live) {
        if (own)
            state.reasons.emplace_back("the live scheduler has no such workflow any more");
        return state;
    }
    if (!own)
        return state;
    llvm::StringSet<> members;
    for (ir::JobId job : after.workflows[live].jobs)
        members.insert(after.jobs[job].name);
    for (ir::JobId job : before.workflows[own].jobs) {
        auto const now = options.renamed.find(before.jobs[job].name.str());
        members.insert(now == options.renamed.end() ? before.jobs[job].name
                                                    : llvm::StringRef(now->second));
    }
    size_t changes = 0;
    Change const* first = nullptr;
    for (Change const& change : result.changes)
        if (members.contains(change.job) && changes++ == 0)
            first = &change;
    std::string const was = canonicalForm(before, own), is = canonicalForm(after, live);
    if (first)
        state.reasons.push_back(
            fmt::format("{} in the live scheduler{}", first->consequence,
                        changes == 1 ? std::string() : fmt::format(", and {} more", changes - 1)));
    else if (was != is)
        state.reasons.push_back(
            fmt::format("the live scheduler writes {} differently, though no change in behaviour "
                        "was found; `hoist verify` with the new definitions renews it",
                        differingSections(was, is)));
    return state;
}

std::vector<std::string> withoutCertificate(ir::Estate const& estate,
                                            std::vector<CertificateState> const& states) {
    llvm::StringSet<> known;
    for (CertificateState const& state : states)
        known.insert(state.certificate.workflow);
    std::vector<std::string> names;
    for (ir::Workflow const& workflow : estate.workflows)
        if (llvm::StringRef const name = estate.jobs[workflow.root].name; !known.contains(name))
            names.push_back(name.str());
    return names;
}

} // namespace hoist::equivalence
