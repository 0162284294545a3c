// Findings and changes that are new, what the policy makes of them, and the three lines at the end.
#include "backend/driver/Gate.h"

#include "analysis/equivalence/Renames.h"
#include "backend/driver/Policy.h"
#include "backend/report/Changes.h"
#include "backend/report/Report.h"
#include "backend/report/Utf8.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hoist {

using diag::Code;
using equivalence::Change;

namespace {

std::vector<std::string> printsOf(ir::Estate const& estate,
                                  std::vector<diag::Diagnostic> const& findings) {
    return report::fingerprints({estate.sources, findings, 0, 0, {}, {}});
}

/// Whether the settings let a change pass that nobody approved by itself.
bool passes(Change const& change, std::vector<std::string> const& allowed) {
    auto const names = [&](llvm::StringRef word) {
        return llvm::any_of(allowed, [&](std::string const& one) { return one == word; });
    };
    switch (change.kind) {
    case Change::Kind::added: return names("added");
    case Change::Kind::removed: return names("removed");
    case Change::Kind::undecided: return false;
    case Change::Kind::changed: break;
    }
    return names(equivalence::toString(change.aspect));
}

} // namespace

std::vector<std::string> kindsOfChange() {
    using Aspect = equivalence::Difference::Aspect;
    std::vector<std::string> words{"added", "removed"};
    for (Aspect aspect :
         {Aspect::start, Aspect::order, Aspect::schedule, Aspect::verdict, Aspect::action,
          Aspect::limit, Aspect::retry, Aspect::resource, Aspect::alarm, Aspect::shape})
        words.push_back(equivalence::toString(aspect).str());
    return words;
}

bool isKindOfChange(llvm::StringRef word) {
    return llvm::is_contained(kindsOfChange(), word.str());
}

Gate::Gate(ir::Estate const& older, ir::Estate& newer, equivalence::DiffOptions diffOptions,
           diag::Diagnostics& findings)
    : before(older), after(newer), options(std::move(diffOptions)), diags(findings) {
    std::set<std::string> said;
    for (auto const& [oldName, newName] : options.renamed)
        said.insert(newName);
    for (auto const& [oldName, newName] : equivalence::findRenames(before, after))
        if (!said.contains(newName))
            options.renamed.emplace(oldName, newName);
}

std::string Gate::withNewNames(llvm::StringRef text) const {
    auto const isOfName = [](char c) {
        return llvm::isAlnum(c) || llvm::StringRef("_.#-").contains(c);
    };
    std::string out;
    while (!text.empty()) {
        llvm::StringRef const word = text.take_while(isOfName);
        auto const it = options.renamed.find(word.str());
        out += it == options.renamed.end() ? word : llvm::StringRef(it->second);
        text = text.drop_front(word.size());
        llvm::StringRef const between = text.take_until(isOfName);
        out += between;
        text = text.drop_front(between.size());
    }
    return out;
}

void Gate::hideKnown(diag::Diagnostics const& ofBefore) {
    std::vector<diag::Diagnostic> earlier = ofBefore.all();
    if (!options.renamed.empty())
        for (diag::Diagnostic& finding : earlier) {
            finding.object = withNewNames(finding.object);
            if (finding.evidence.empty() && finding.span.size() > 0)
                finding.evidence = before.sources.text(finding.span).str();
            finding.evidence = withNewNames(finding.evidence);
        }
    llvm::StringMap<unsigned> old;
    for (std::string const& print : printsOf(before, earlier))
        ++old[print];
    std::vector<std::string> const prints = printsOf(after, diags.all());
    size_t i = 0;
    std::erase_if(diags.all(), [&](diag::Diagnostic const& finding) {
        auto const it = old.find(prints[i++]);
        // What cannot be read on either side was not compared.
        if (Policy::isLocked(finding.code, false) || it == old.end() || it->second == 0)
            return false;
        --it->second;
        ++known;
        return true;
    });
    fresh = diags.all().size();
}

void Gate::compare(GateSettings const& settings) {
    changes = equivalence::diff(before, after, options);
    for (Change& change : changes.changes)
        if (passes(change, settings.changes))
            passed.changes.push_back(change);
    std::erase_if(changes.changes,
                  [&](Change const& change) { return passes(change, settings.changes); });
    report::reportChanges(before, after, changes, diags);
    diag::Diagnostics notes;
    report::reportChanges(before, after, passed, notes);
    for (diag::Diagnostic& note : notes.all()) {
        note.severity = diag::Severity::note;
        note.notes.push_back("`gate.changes` of hoist.toml lets it pass");
    }
    diags.absorb(std::move(notes));
    for (auto const& [oldName, newName] : options.renamed)
        if (auto const it = after.jobByName.find(newName); it != after.jobByName.end())
            diags.report<Code::JobRenamed>(after.jobs[it->second].nameSpan, newName, oldName)
                .object(newName)
                .evidence(oldName);
}

std::string Gate::summary(GitRevision const& revision, llvm::StringRef name,
                          llvm::StringRef tally) const {
    std::string base;
    if (revision.isMergeBase)
        base = fmt::format(", where this branch left `{}`", std::string_view(name));
    else if (!llvm::StringRef(revision.commit).starts_with(name))
        base = fmt::format(" (`{}`)", std::string_view(name));
    std::string text =
        fmt::format("hoist: against {}{}\n"
                    "  findings  {} new, {} that were there before\n"
                    "  changes   {} to approve, {} that may pass, {} renamed, {} written "
                    "differently and equal\n"
                    "  DAGs      {}\n",
                    revision.commit.substr(0, 12), base, fresh, known, changes.changes.size(),
                    passed.changes.size(), options.renamed.size(), changes.rewritten,
                    tally.empty() ? "not looked at: name them with --dags or --serialized"
                                  : std::string_view(tally));
    for (std::string const& path : revision.absent)
        text += fmt::format("  `{}` is not there in that revision: all of it is new\n",
                            report::printable(path));
    if (!revision.hasMergeBase)
        text += fmt::format("  No commit in common with `{}` is known here (a shallow clone?), so "
                            "what others changed there since counts too.\n",
                            report::printable(name));
    return text;
}

Exit gateExit(diag::Diagnostics const& diags) {
    Exit exit = Exit::clean;
    for (diag::Diagnostic const& finding : diags.all()) {
        if (finding.severity == diag::Severity::note)
            continue;
        switch (finding.code) {
        case Code::BehaviourChanged:
        case Code::NotEquivalent: return Exit::notEquivalent;
        case Code::ChangeUndecided:
        case Code::Undecided:
        case Code::DagImportError:
        case Code::AssumptionNotAccepted: exit = Exit::undecided; break;
        default: break;
        }
    }
    return exit;
}

} // namespace hoist
