// Variables (CTM-093, CTM-100…105): which a text may use, what a definition gives them, and what
// jobs and the rules of their ends set for others.
#include "backend/airflow/LowerFolder.h"
#include "frontend/ir/Messages.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <fmt/core.h>

namespace hoist::airflow {

using ir::JobId;
using Owner = ir::VariableName::Owner;

FolderLowering::Variables FolderLowering::variablesOf(JobId id) const {
    Variables found;
    for (JobId at = id; at; at = estate.jobs[at].box) {
        if (estate.isContainer(at))
            continue; // CTM-094
        for (ir::OrderVariable const& variable : policyOf(at).variables) {
            llvm::StringRef name = variable.name;
            name.consume_front("%%");
            if (!ir::isSetAtSubmission(variable))
                found.try_emplace(name.str(), &variable); // the inner one counts (CTM-093)
        }
    }
    return found;
}

ir::OrderVariable const* FolderLowering::ofRoot(llvm::StringRef name) const {
    if (!estate.isContainer(workflow.root))
        for (ir::OrderVariable const& variable : policyOf(workflow.root).variables) {
            llvm::StringRef plain = variable.name;
            plain.consume_front("%%");
            if (plain == name)
                return &variable;
        }
    return nullptr;
}

bool FolderLowering::isKnownName(JobId id, llvm::StringRef name, Variables const& known) const {
    ir::SharedVariables const& shared = orderFacts.sharedVariables();
    bool const isInSmart = !estate.isContainer(workflow.root);
    if (name.starts_with("\\")) {
        auto const read = ir::readVariableName(name);
        if (!read || read->owner == Owner::global)
            return read.has_value(); // if nobody has set it the job ends NOTOK (CTM-104)
        return isInOuterFolder(id) &&
               (ofRoot(read->name) || shared.isOfFolder(estate.jobs[id].workflow, read->name));
    }
    return known.contains(name.str()) || ir::isSystemVariable(name) || ir::isOfJob(name) ||
           ir::setsItself(policyOf(id), name) || shared.isGlobal(name) ||
           (isInSmart && shared.isOfFolder(estate.jobs[id].workflow, name));
}

bool FolderLowering::mayLackValue(JobId id) const {
    auto const known = variablesOf(id);
    std::vector<UsedText> texts;
    for (llvm::StringRef const text : ir::submittedTexts(estate.jobs[id]))
        texts.push_back({text, false});
    for (ir::OrderVariable const& variable : policyOf(id).variables)
        if (ir::isSetAtSubmission(variable))
            texts.push_back({variable.value, true});
    std::set<std::string> seen;
    while (!texts.empty()) {
        UsedText const used = texts.back();
        texts.pop_back();
        if (used.isValue && ir::isFunction(used.text))
            return true;
        for (llvm::StringRef const name : ir::variablesIn(used.text).names) {
            auto const it = known.find(name.str());
            if (it == known.end() && !ir::isSystemVariable(name) && !ir::isOfJob(name))
                return true;
            if (it != known.end() && seen.insert(name.str()).second)
                texts.push_back({it->second->value, true});
        }
    }
    return false;
}

void FolderLowering::checkVariables(JobId id) {
    for (ir::OrderVariable const& variable : policyOf(id).variables) {
        llvm::StringRef name = variable.name;
        name.consume_front("%%");
        if (ir::isSetAtSubmission(variable))
            continue; // checkSettings
        if (!ir::isPlainVariable(name) || ir::isSystemVariable(name))
            fail(id, variable.span, variable.construct,
                 fmt::format("VARIABLE {}", variable.name.take_front(60).str()),
                 "only plain names of the definition's own are lowered (CTM-100)");
        else if (name == "LIBMEMSYM")
            fail(id, variable.span, variable.construct, "VARIABLE %%LIBMEMSYM",
                 "what stands in that file is not read");
    }
    if (isRefused || failing.contains(id.value))
        return;
    auto const known = variablesOf(id);
    for (auto const& [name, variable] : known) {
        checkNames(id, ir::variablesInValue(variable->value), variable->span, variable->construct,
                   known);
        if (!checkNoCircle(id, name, known))
            return;
    }
}

void FolderLowering::checkText(JobId id, llvm::StringRef text, Span where,
                               ir::ConstructId construct, Variables const& known,
                               std::string const& help) {
    checkNames(id, ir::variablesIn(text), where, construct, known, help);
}

void FolderLowering::checkNames(JobId id, ir::VariablesUsed const& used, Span where,
                                ir::ConstructId construct, Variables const& known,
                                std::string const& help) {
    if (!used.unclear.empty())
        fail(id, where, construct, used.unclear.str(),
             "which variable that names is not sure (CTM-102)", help);
    for (llvm::StringRef name : used.names)
        if (!isKnownName(id, name, known))
            fail(id, where, construct, fmt::format("%%{}", name.str()),
                 "neither the definition nor hoist gives it a value (CTM-103, CTM-104)");
}

bool FolderLowering::checkNoCircle(JobId id, std::string const& name, Variables const& known) {
    std::set<std::string> seen;
    std::vector<std::string> open{name};
    while (!open.empty()) {
        std::string const next = open.back();
        open.pop_back();
        auto const it = known.find(next);
        if (it == known.end() || !seen.insert(next).second)
            continue;
        for (llvm::StringRef other : ir::variablesInValue(it->second->value).names) {
            other.consume_front("\\\\");
            if (other == name) {
                ir::OrderVariable const& variable = *known.at(name);
                fail(id, variable.span, variable.construct, fmt::format("%%{}", name),
                     "it stands for itself");
                return false;
            }
            open.push_back(other.str());
        }
    }
    return true;
}

/// What others see stops the folder where it is not exact.
void FolderLowering::checkSettings(JobId id, EndRules const& rules) {
    ir::Job const& job = estate.jobs[id];
    bool const isSubmitted = (std::holds_alternative<ir::CommandAction>(job.action) ||
                              std::holds_alternative<ir::ScriptAction>(job.action)) &&
                             !isMapped(id) && !isFilled(id) && !failing.contains(id.value);
    for (ir::OrderVariable const& variable : policyOf(id).variables) {
        if (!ir::isSetAtSubmission(variable))
            continue;
        Setting const setting{variable.name, variable.value, variable.span, variable.construct,
                              "VARIABLE " + variable.name.take_front(60).str()};
        if (auto const it = failing.find(id.value); it != failing.end() && !job.group)
            refuse(id, setting.span, setting.construct, setting.what,
                   fmt::format("its task would always fail, so others would never see it; `{}`: {}",
                               it->second.front().what, it->second.front().why));
        else if (job.group || !isSubmitted)
            refuse(id, setting.span, setting.construct, setting.what,
                   isMapped(id)
                       ? "an operator of the site sets no variables for others (CTM-100)"
                       : "when what is no command sets it for others, nobody says (CTM-100)");
        else
            checkSetting(id, setting);
    }
    bool const makesOk =
        rules.exitRule == "any" ||
        (rules.areListed && llvm::any_of(policyOf(id).rules, [](ir::EndRule const& rule) {
             return rule.does(ir::EndAction::Kind::setOk);
         }));
    if (makesOk && !job.group && !isMapped(id) && !failing.contains(id.value) && mayLackValue(id))
        refuse(
            id, policyOf(id).rules.front().span, policyOf(id).rules.front().construct,
            "DOACTION OK on NOTOK",
            "whether it makes OK what was not submitted, as a variable has no value, nobody says "
            "(CTM-071, CTM-104)");
    forEachSetByRule(id, [&](ir::EndAction const& action) {
        checkSetting(id, {action.name, action.text, action.span, action.construct,
                          "DOVARIABLE " + action.name.take_front(60).str()});
    });
}

void FolderLowering::checkSetting(JobId id, Setting const& setting) {
    auto const no = [&](std::string const& why) {
        refuse(id, setting.span, setting.construct, setting.what, why);
    };
    auto const name = ir::readVariableName(setting.name);
    if (!name)
        return no("which variable that sets is not sure (CTM-100)");
    llvm::StringRef number = name->name;
    bool const isParameter = number.consume_front("PARM") && !number.empty() &&
                             llvm::all_of(number, [](char c) { return llvm::isDigit(c); });
    if (ir::isSystemVariable(name->name) || ir::isOfJob(name->name))
        return no("a name of the server's own (CTM-101)");
    if (isParameter || name->name == "LIBMEMSYM")
        return no("it changes how the job is submitted, not what its texts hold (CTM-105)");
    if (name->owner != Owner::global && estate.jobs[id].group)
        return no("after the end of a folder nothing of it is resolved any more");
    if (name->owner == Owner::folder && !isInOuterFolder(id))
        return no("which folder that is of a job that does not stand in the outermost SMART folder "
                  "itself, nobody says (CTM-093)");
    ir::VariablesUsed const used = ir::variablesInValue(setting.value);
    if (!used.unclear.empty())
        return no("which variable its value names is not sure (CTM-102)");
    auto const known = variablesOf(id);
    for (llvm::StringRef other : used.names)
        if (!isKnownName(id, other, known))
            return no(fmt::format("neither the definition nor hoist gives %%{} a value (CTM-103, "
                                  "CTM-104)",
                                  other.str()));
}

/// Of the variables those that the texts reach. What a folder gives a variable that its jobs may
/// set is its value until then: `\\NAME`.
void FolderLowering::lowerVariables(JobId id, Py::Keywords& arguments,
                                    std::vector<UsedText> texts) {
    ir::Job const& job = estate.jobs[id];
    ir::SharedVariables const& shared = orderFacts.sharedVariables();
    auto const known = variablesOf(id);
    std::map<std::string, std::string> values;
    auto const give = [&](std::string const& key, ir::OrderVariable const& variable) {
        if (values.emplace(key, variable.value.str()).second)
            texts.push_back({variable.value, true});
    };
    while (!texts.empty()) {
        UsedText const used = texts.back();
        texts.pop_back();
        for (llvm::StringRef name :
             (used.isValue ? ir::variablesInValue(used.text) : ir::variablesIn(used.text)).names) {
            std::string const key = name.str();
            if (name.starts_with("\\")) {
                auto const read = ir::readVariableName(name);
                if (read && read->owner == Owner::folder)
                    if (ir::OrderVariable const* variable = ofRoot(read->name))
                        give(key, *variable);
            } else if (auto const it = known.find(key); it != known.end()) {
                bool const isOfFolder =
                    it->second == ofRoot(name) && shared.isOfFolder(job.workflow, name);
                give(isOfFolder ? "\\\\" + key : key, *it->second);
            } else if (name == "ORDERID") {
                assume("order-ids-are-names:" + job.name.str()); // another text, as unique
            } else if (name == "JOBNAME") {
                llvm::StringRef const full = job.name;
                values[key] = full.substr(full.rfind('/') + 1).str();
            } else if (name == "APPLIC") {
                values[key] = job.application.value.str();
            } else if (name == "GROUP") {
                values[key] = job.label.value.str();
            }
        }
    }
    if (!values.empty()) {
        Py::Dict dict;
        for (auto const& [name, value] : values)
            dict.emplace_back(name, Py(value));
        arguments.emplace_back("variables", Py(std::move(dict)));
    }
}

std::string FolderLowering::settingText(llvm::StringRef written, llvm::StringRef value) {
    std::string text = ir::readVariableName(written)->key;
    text += '=';
    text += value;
    return text;
}

/// `sets`: before the command; CTM-104.
void FolderLowering::lowerSubmittedSettings(JobId id, Py::Keywords& arguments,
                                            std::vector<UsedText>& texts) {
    Py::List list;
    for (ir::OrderVariable const& variable : policyOf(id).variables) {
        if (!ir::isSetAtSubmission(variable))
            continue;
        list.emplace_back(settingText(variable.name, variable.value));
        texts.push_back({variable.value, true});
        exact(variable.construct, "variable set at submission");
    }
    if (!list.empty())
        arguments.emplace_back("sets", Py(std::move(list)));
}

bool FolderLowering::isResolved(JobId id, llvm::StringRef text) const {
    ir::VariablesUsed const used = ir::variablesIn(text);
    auto const known = variablesOf(id);
    return used.unclear.empty() && llvm::all_of(used.names, [&](llvm::StringRef name) {
               return isKnownName(id, name, known);
           });
}

std::vector<llvm::StringRef> FolderLowering::textsOfMessages(JobId id) const {
    std::vector<llvm::StringRef> texts;
    for (ir::EndRule const& rule : policyOf(id).rules)
        for (ir::EndAction const& action : rule.actions)
            if (ir::isMessage(action.kind))
                texts.insert(texts.end(), {action.destination, action.subject, action.text});
    for (ir::Shout const& shout : policyOf(id).shouts)
        if (!ir::endOf(shout.when).empty())
            texts.insert(texts.end(), {shout.destination, shout.text});
    return texts;
}

std::vector<FolderLowering::UsedText> FolderLowering::textsWith(JobId id,
                                                                llvm::StringRef text) const {
    std::vector<UsedText> texts = textsOfEnd(id);
    texts.push_back({text, false});
    return texts;
}

/// What rules and messages hold, which are resolved after the end.
std::vector<FolderLowering::UsedText> FolderLowering::textsOfEnd(JobId id) const {
    std::vector<UsedText> texts;
    forEachSetByRule(id,
                     [&](ir::EndAction const& action) { texts.push_back({action.text, true}); });
    for (llvm::StringRef const text : textsOfMessages(id))
        texts.push_back({text, false});
    return texts;
}

} // namespace hoist::airflow
