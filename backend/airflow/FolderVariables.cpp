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

FolderLowering::Variables const& FolderLowering::variablesOf(JobId id) const {
    auto const [it, isNew] = variables.try_emplace(id.value);
    if (!isNew)
        return it->second;
    Variables found;
    if (JobId const around = estate.jobs[id].box)
        found = variablesOf(around);
    if (!estate.isContainer(id)) // CTM-094
        for (ir::OrderVariable const& variable : policyOf(id).variables) {
            if (!ir::isSetAtSubmission(variable))
                found[ir::plainName(variable).str()] = &variable; // the inner one counts (CTM-093)
        }
    return variables[id.value] = std::move(found);
}

ir::OrderVariable const* FolderLowering::ofRoot(llvm::StringRef name) const {
    if (!estate.isContainer(workflow.root))
        for (ir::OrderVariable const& variable : policyOf(workflow.root).variables)
            if (ir::plainName(variable) == name)
                return &variable;
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
    Variables const& known = variablesOf(id);
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

void FolderLowering::checkText(JobId id, llvm::StringRef text, Span where,
                               ir::ConstructId construct, std::string const& help) {
    auto const trouble = troubleOf(id, {text, false}, where, construct);
    if (trouble && trouble->construct != construct && failing.contains(id.value))
        return; // a value of its own, which checkVariables has told
    if (trouble)
        fail(id, trouble->where, trouble->construct, trouble->what, trouble->why,
             trouble->construct == construct ? help : std::string());
}

namespace {

/// The name of a function, where only a value may have one.
bool isFunctionName(llvm::StringRef name) {
    name.consume_front("$");
    return name == "PLUS" || name == "MINUS" || name == "SUBSTR" || name == "CALCDATE" ||
           name == "CALCDTE";
}

} // namespace

/// Why a text has no value for sure: it, or a value that it leads to.
class FolderLowering::Reading {
public:
    Reading(FolderLowering const& given, JobId job)
        : folder(given), id(job), known(given.variablesOf(job)) {}

    /// How many values stand behind one another.
    unsigned read(UsedText const& used, Span where, ir::ConstructId construct) {
        ir::VariablesUsed const found =
            used.isValue ? ir::variablesInValue(used.text) : ir::variablesIn(used.text);
        if (!found.unclear.empty()) {
            bool const isCall = used.isValue && ir::isFunction(used.text);
            stop(where, construct, found.unclear.str(),
                 isCall ? "that function does not take so many arguments (CTM-103)"
                        : "which variable that names is not sure (CTM-102)");
        }
        unsigned height = 0;
        for (llvm::StringRef const name : found.names) {
            if (trouble)
                break;
            if (ir::OrderVariable const* variable = folder.statementOf(id, name, known))
                height = std::max(height, 1 + heightOf(*variable));
            else if (!folder.isKnownName(id, name, known))
                stop(where, construct, fmt::format("%%{}", name.str()),
                     isFunctionName(name)
                         ? "a function stands in the value of a VARIABLE, by itself (CTM-103)"
                         : "neither the definition nor hoist gives it a value (CTM-103, CTM-104)");
        }
        if (height > ir::deepestVariable)
            stop(where, construct, used.text.take_front(60).str(),
                 "too many values stand behind one another");
        return height;
    }

    std::optional<Trouble> trouble;

private:
    unsigned heightOf(ir::OrderVariable const& variable) {
        constexpr unsigned open = ~0U;
        auto const [it, isNew] = heights.try_emplace(&variable, open);
        if (!isNew) {
            if (it->second == open)
                stop(variable.span, variable.construct, variable.name.take_front(60).str(),
                     "it stands for itself");
            return it->second == open ? 0 : it->second;
        }
        if (heights.size() > mostRead) { // so deep that it is none for sure
            stop(variable.span, variable.construct, variable.name.take_front(60).str(),
                 "too many values stand behind one another");
            return 0;
        }
        unsigned const height = read({variable.value, true}, variable.span, variable.construct);
        return heights[&variable] = height;
    }

    void stop(Span where, ir::ConstructId construct, std::string what, std::string why) {
        if (!trouble)
            trouble = {where, construct, std::move(what), std::move(why)};
    }

    static constexpr size_t mostRead = 5000;
    FolderLowering const& folder;
    JobId id;
    Variables const& known;
    llvm::DenseMap<ir::OrderVariable const*, unsigned> heights;
};

void FolderLowering::checkVariables(JobId id) {
    for (ir::OrderVariable const& variable : policyOf(id).variables) {
        llvm::StringRef const name = ir::plainName(variable);
        if (ir::isSetAtSubmission(variable))
            continue; // checkSettings
        if (!ir::isPlainVariable(name) || ir::isSystemVariable(name) || ir::isOfJob(name))
            fail(id, variable.span, variable.construct,
                 fmt::format("VARIABLE {}", variable.name.take_front(60).str()),
                 "only plain names of the definition's own are lowered (CTM-100)");
        else if (name == "LIBMEMSYM")
            fail(id, variable.span, variable.construct, "VARIABLE %%LIBMEMSYM",
                 "what stands in that file is not read");
    }
    if (estate.jobs[id].group || isRefused || failing.contains(id.value))
        return; // those of a folder count where a job reads them
    Reading reading(*this, id);
    for (ir::OrderVariable const& variable : policyOf(id).variables)
        if (!ir::isSetAtSubmission(variable))
            reading.read({variable.value, true}, variable.span, variable.construct);
    if (auto const& trouble = reading.trouble)
        fail(id, trouble->where, trouble->construct, trouble->what, trouble->why);
}

std::optional<FolderLowering::Trouble> FolderLowering::troubleOf(JobId id, UsedText const& text,
                                                                 Span where,
                                                                 ir::ConstructId construct) const {
    Reading reading(*this, id);
    reading.read(text, where, construct);
    return reading.trouble;
}

/// The statement that gives a name its value, as far as definitions say.
ir::OrderVariable const* FolderLowering::statementOf(JobId id, llvm::StringRef name,
                                                     Variables const& known) const {
    if (name.starts_with("\\")) {
        auto const read = ir::readVariableName(name);
        return read && read->owner == Owner::folder && isInOuterFolder(id) ? ofRoot(read->name)
                                                                           : nullptr;
    }
    auto const it = known.find(name.str());
    return it == known.end() ? nullptr : it->second;
}

/// A value that the statement of the job's own has when it is submitted, and may not have later.
bool FolderLowering::mayChange(llvm::StringRef name, Variables const& known) {
    if (name.starts_with("\\"))
        return true;
    if (known.contains(name.str()) || ir::isOfJob(name))
        return false;
    llvm::StringRef plain = name;
    plain.consume_front("$");
    bool const isFixed =
        plain.starts_with("O") || plain == "RN" || plain == "RUNCOUNT" || plain == "BLANK";
    return !ir::isSystemVariable(name) || !isFixed;
}

/// Values are resolved when they are asked for. In Control-M a statement has its value from the
/// submission on: it must be the same when the job has set others, and at its end (CTM-104).
void FolderLowering::checkMoments(JobId id) {
    Variables const& known = variablesOf(id);
    std::set<std::string> setNow;
    std::vector<UsedText> texts;
    for (ir::OrderVariable const& variable : policyOf(id).variables)
        if (ir::isSetAtSubmission(variable)) {
            setNow.insert(variable.name.substr(variable.name.rfind('\\') + 1).str());
            texts.push_back({variable.value, true});
        }
    bool const setsNow = !setNow.empty();
    if (setsNow)
        for (llvm::StringRef const text : ir::submittedTexts(estate.jobs[id]))
            texts.push_back({text, false});
    auto const check = [&](bool atEnd) {
        std::set<ir::OrderVariable const*> seen;
        while (!texts.empty()) {
            UsedText const used = texts.back();
            texts.pop_back();
            for (llvm::StringRef const name :
                 (used.isValue ? ir::variablesInValue(used.text) : ir::variablesIn(used.text))
                     .names) {
                ir::OrderVariable const* const variable = statementOf(id, name, known);
                if (!variable || !seen.insert(variable).second)
                    continue;
                for (llvm::StringRef const read : ir::variablesInValue(variable->value).names) {
                    bool const isSet = setNow.contains(read.substr(read.rfind('\\') + 1).str());
                    if (atEnd ? mayChange(read, known) : isSet)
                        refuse(id, variable->span, variable->construct,
                               "VARIABLE " + variable->name.take_front(60).str(),
                               atEnd ? "a rule of the end reads it, and its value would be that of "
                                       "then, not of the submission (CTM-104)"
                                     : "the job sets what it reads, and its value would be that "
                                       "behind it (CTM-104)");
                }
                texts.push_back({variable->value, true});
            }
        }
    };
    check(false);
    forEachSetByRule(id,
                     [&](ir::EndAction const& action) { texts.push_back({action.text, true}); });
    check(true);
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
                   isMapped(id) ? "an operator of the site sets no variables for others (CTM-100)"
                   : job.group
                       ? "when a folder sets it for others, nobody says (CTM-100)"
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
    if (!job.group && !isMapped(id) && !failing.contains(id.value))
        checkMoments(id);
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
    if (auto const trouble = troubleOf(id, {setting.value, true}, setting.span, setting.construct))
        no(fmt::format("its value leads to `{}`: {}", trouble->what, trouble->why));
}

/// Of the variables those that the texts reach. What a folder gives a variable that its jobs may
/// set is its value until then: `\\NAME`.
void FolderLowering::lowerVariables(JobId id, Py::Keywords& arguments,
                                    std::vector<UsedText> texts) {
    ir::Job const& job = estate.jobs[id];
    ir::SharedVariables const& shared = orderFacts.sharedVariables();
    Variables const& known = variablesOf(id);
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
    return !troubleOf(id, {text, false}, {}, {});
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
    for (llvm::StringRef const text : ir::textsOfMessages(estate, id))
        texts.push_back({text, false});
    return texts;
}

} // namespace hoist::airflow
