// The rules of prefixes, and what no rule reaches.
#include "backend/driver/Policy.h"

#include "frontend/base/Suggest.h"

#include <llvm/ADT/SmallVector.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace hoist {

using diag::Severity;

static std::string normalized(llvm::StringRef prefix) {
    std::string const upper = prefix.upper();
    return upper == "ALL" ? "" : upper;
}

void Policy::select(llvm::StringRef prefix, Layer layer) {
    choices.push_back({normalized(prefix), layer});
}

void Policy::ignore(llvm::StringRef prefix, Layer layer) {
    choices.push_back({normalized(prefix), layer, true});
}

void Policy::setSeverity(llvm::StringRef prefix, Severity severity, Layer layer) {
    severities.push_back({normalized(prefix), layer, false, severity});
}

void Policy::forgetSelected() {
    std::erase_if(choices, [](Rule const& rule) { return !rule.isIgnore; });
}

Policy::Rule const* Policy::strongest(std::vector<Rule> const& rules, std::string_view id) {
    Rule const* best = nullptr;
    auto const strength = [](Rule const& rule) {
        return std::tuple(rule.prefix.size(), rule.layer, rule.isIgnore);
    };
    for (Rule const& rule : rules)
        if (id.substr(0, rule.prefix.size()) == rule.prefix &&
            (!best || strength(rule) >= strength(*best)))
            best = &rule;
    return best;
}

bool Policy::isSelected(std::string_view id) const {
    if (Rule const* const rule = strongest(choices, id))
        return !rule->isIgnore;
    return std::all_of(choices.begin(), choices.end(),
                       [](Rule const& rule) { return rule.isIgnore; });
}

bool Policy::isLocked(diag::Code code, bool writes) {
    diag::CodeInfo const& info = diag::info(code);
    return info.severity == Severity::error &&
           (info.group == "input" || (writes && info.fidelity == diag::Fidelity::refused));
}

size_t Policy::apply(diag::Diagnostics& diags, bool writes) const {
    if (choices.empty() && severities.empty())
        return 0;
    size_t const before = diags.all().size();
    std::erase_if(diags.all(), [&](diag::Diagnostic const& finding) {
        return !isLocked(finding.code, writes) && !isSelected(diag::info(finding.code).id);
    });
    for (diag::Diagnostic& finding : diags.all())
        if (Rule const* const rule = strongest(severities, diag::info(finding.code).id))
            finding.severity = isLocked(finding.code, writes)
                                   ? std::max(finding.severity, rule->severity)
                                   : rule->severity;
    return before - diags.all().size();
}

std::vector<std::string> Policy::prefixes(bool isIgnore) const {
    std::vector<std::string> list;
    for (Rule const& rule : choices)
        if (rule.isIgnore == isIgnore)
            list.push_back(rule.prefix.empty() ? "ALL" : rule.prefix);
    return list;
}

std::vector<Policy::Remapped> Policy::remapped() const {
    std::vector<Remapped> list;
    for (Rule const& rule : severities)
        list.push_back({rule.prefix.empty() ? "ALL" : rule.prefix, rule.severity, rule.layer});
    return list;
}

bool Policy::isPrefix(llvm::StringRef prefix) {
    std::string const wanted = prefix.upper();
    if (wanted.empty())
        return false;
    return wanted == "ALL" ||
           std::any_of(std::begin(diag::catalog), std::end(diag::catalog), [&](auto const& info) {
               return info.id.substr(0, wanted.size()) == wanted;
           });
}

std::string Policy::nearestPrefix(llvm::StringRef prefix) {
    // Of its own length, so that `A99` suggests `A00` and not some code of five letters.
    std::set<std::string> sameLength;
    for (diag::CodeInfo const& info : diag::catalog)
        sameLength.emplace(info.id.substr(0, prefix.size()));
    std::vector<llvm::StringRef> const candidates(sameLength.begin(), sameLength.end());
    return nearestOf(prefix.upper(), candidates).str();
}

void readPolicy(Invocation const& invocation, Policy& policy, diag::Diagnostics& diags) {
    auto const eachPrefix = [&](llvm::StringRef option, llvm::StringRef list, auto const& use) {
        llvm::SmallVector<llvm::StringRef, 8> prefixes;
        list.split(prefixes, ',');
        for (llvm::StringRef prefix : prefixes) {
            prefix = prefix.trim();
            if (Policy::isPrefix(prefix)) {
                use(prefix);
                continue;
            }
            auto builder =
                diags.report<diag::Code::BadOptionValue>({}, prefix, option, "no code begins so");
            if (std::string const nearest = Policy::nearestPrefix(prefix); !nearest.empty())
                builder.help(fmt::format("did you mean `{}`?", nearest));
            else
                builder.help("`hoist explain` lists the codes");
        }
    };
    if (!invocation.selects.empty())
        policy.forgetSelected();
    for (std::string const& list : invocation.selects)
        eachPrefix("--select", list, [&](llvm::StringRef prefix) {
            policy.select(prefix, Policy::Layer::commandLine);
        });
    for (std::string const& list : invocation.ignores)
        eachPrefix("--ignore", list, [&](llvm::StringRef prefix) {
            policy.ignore(prefix, Policy::Layer::commandLine);
        });
    for (std::string const& pair : invocation.severities) {
        auto const [codes, level] = llvm::StringRef(pair).split('=');
        std::optional<Severity> const severity = severityByName(level);
        if (!severity) {
            auto builder = diags.report<diag::Code::BadOptionValue>(
                {}, pair, llvm::StringRef("--severity"),
                "write CODES=LEVEL with the level error, warning or note");
            if (level == "off" || level == "none")
                builder.help(fmt::format("`--ignore {}` hides them", diag::shown(codes)));
            continue;
        }
        eachPrefix("--severity", codes, [&](llvm::StringRef prefix) {
            policy.setSeverity(prefix, *severity, Policy::Layer::commandLine);
        });
    }
    if (!invocation.failOn.empty())
        policy.failOn = severityByName(invocation.failOn); // `never` is none
}

std::optional<Severity> severityByName(llvm::StringRef name) {
    for (Severity const severity : {Severity::error, Severity::warning, Severity::note})
        if (diag::toString(severity) == name)
            return severity;
    return std::nullopt;
}

} // namespace hoist
