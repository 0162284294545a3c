// Submission criteria, repetition, locks, rules and variables of an entity (CTM-004…093). What
// hoist has no model for refuses the entity, where it stands.
#include "frontend/controlm/Lower.h"

#include "frontend/controlm/Values.h"
#include "frontend/ir/TimeZones.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

namespace hoist::controlm {

using namespace ir;
using diag::Code;
using diag::Fidelity;

namespace {

/// Attributes that decide something and whose meaning is not known well enough.
constexpr Attr withoutModel[] = {
    Attr::entities_OVERRIDE_PATH,
    Attr::entities_PRECMD,
    Attr::entities_POSTCMD,
    Attr::entities_SCHEDULING_ENVIRONMENT,
    Attr::entities_SYSTEM_AFFINITY,
    Attr::entities_REQUEST_NJE_NODE,
    Attr::entities_PDSNAME,
    Attr::entities_MINIMUM,
    Attr::entities_OPTION,
    Attr::entities_PAR,
    Attr::entities_FROM,
    Attr::entities_FPROCS,
    Attr::entities_TPGMS,
    Attr::entities_TPROCS,
    Attr::entities_ODATE,
    Attr::entities_PREVENTNCT2,
    Attr::entities_RERUNMEM,
    Attr::entities_PREV_DAY,
};

/// `00015M`, `+4H`: in minutes; without a letter minutes (CTM-061).
int32_t readInterval(llvm::StringRef text) {
    text = text.trim();
    text.consume_front("+");
    int32_t unit = 1;
    if (!text.empty() && !llvm::isDigit(text.back())) {
        char const letter = llvm::toLower(text.back());
        unit = letter == 'h' ? 60 : letter == 'd' ? 24 * 60 : 1;
        text = text.drop_back();
    }
    int32_t number = 0;
    text.getAsInteger(10, number);
    return number * unit;
}

template <class Each>
void eachOf(llvm::StringRef list, Each each) {
    llvm::SmallVector<llvm::StringRef, 8> items;
    list.split(items, ',');
    for (llvm::StringRef item : items)
        if (!item.trim().empty())
            each(item.trim());
}

std::optional<Compare> readCompare(llvm::StringRef& text) {
    static constexpr std::pair<llvm::StringRef, Compare> words[] = {
        {"EQ", Compare::equal},        {"NE", Compare::notEqual},     {"GT", Compare::greater},
        {"LT", Compare::less},         {"GE", Compare::greaterEqual}, {"LE", Compare::lessEqual},
        {">=", Compare::greaterEqual}, {"<=", Compare::lessEqual},    {"!=", Compare::notEqual},
        {"<>", Compare::notEqual},     {"=", Compare::equal},         {">", Compare::greater},
        {"<", Compare::less},          {"!", Compare::notEqual}};
    text = text.ltrim();
    for (auto const& [word, op] : words)
        if (text.consume_front_insensitive(word))
            return op;
    return std::nullopt;
}

/// CTM-072. Nothing: not one of the forms that are known.
std::optional<EndTest> readTest(llvm::StringRef statement, llvm::StringRef code) {
    using Kind = EndTest::Kind;
    EndTest test;
    llvm::StringRef text = code.trim();
    bool const anyStatement = statement.trim().empty() || statement.trim() == "*";
    static constexpr std::pair<llvm::StringRef, Kind> whole[] = {
        {"*", Kind::any},
        {"ANY", Kind::any},
        {"OK", Kind::ok},
        {"NOTOK", Kind::notOk},
        {"JOBNOTSUBMITTED", Kind::notSubmitted},
        {"JOBOUTPUTNOTFOUND", Kind::noOutput},
        {"JOBSYSOUTNOTFOUND", Kind::noOutput}};
    for (auto const& [word, kind] : whole)
        if (anyStatement && text.equals_insensitive(word)) {
            test.kind = kind;
            return test;
        }
    static constexpr std::pair<llvm::StringRef, Kind> counted[] = {
        {"COMPSTAT", Kind::exitCode},
        {"RUNCOUNT", Kind::runs},
        {"FAILCOUNT", Kind::failures},
        {"RERUNCOUNT", Kind::reruns},
        {"NUMBEROFRERUNS", Kind::reruns}};
    for (auto const& [word, kind] : counted) {
        llvm::StringRef rest = text;
        if (!rest.consume_front_insensitive(word))
            continue;
        test.kind = kind;
        rest = rest.trim();
        llvm::StringRef parity = rest;
        auto op = readCompare(rest);
        if (op)
            parity = rest.trim();
        if ((!op || *op == Compare::equal) &&
            (parity.equals_insensitive("EVEN") || parity.equals_insensitive("ODD"))) {
            test.relation = parity.equals_insensitive("EVEN") ? EndTest::Relation::even
                                                              : EndTest::Relation::odd;
            return test;
        }
        auto const number = readNumber(rest.trim());
        if (!op || !number)
            return std::nullopt;
        test.op = *op;
        test.number = *number;
        return test;
    }
    // CTM-072: any line of output that holds the message.
    if (text.empty())
        return std::nullopt;
    test.kind = Kind::output;
    test.text = code;
    return test;
}

Shout::When readWhen(llvm::StringRef text) {
    using When = Shout::When;
    static constexpr std::pair<llvm::StringRef, When> words[] = {{"OK", When::ok},
                                                                 {"NOTOK", When::notOk},
                                                                 {"RERUN", When::rerun},
                                                                 {"LATESUB", When::notStartedBy},
                                                                 {"LATETIME", When::notEndedBy},
                                                                 {"LATE", When::notEndedBy},
                                                                 {"EXECTIME", When::runsFor}};
    for (auto const& [word, when] : words)
        if (text.trim().equals_insensitive(word))
            return when;
    return When::unknown;
}

} // namespace

OrderVariable readVariable(Node const& node) {
    OrderVariable made;
    made.span = node.span;
    made.construct = node.construct;
    made.name = node.value(Attr::setsVariable_NAME);
    made.value = node.value(Attr::setsVariable_VALUE);
    llvm::StringRef const both = node.value(Attr::setsVariable_EXP);
    if (made.name.empty() && both.contains('=')) {
        auto const [name, value] = both.split('=');
        made.name = name.trim();
        made.value = value;
    }
    return made;
}

/// Statements are read in their order: of several that give a variable of the job's own its value
/// the last one counts. What they set for others is set one after the other.
void Lowering::overrideEarlier(OrderVariable const& made, OrderPolicy& policy) {
    auto const plain = [](llvm::StringRef name) {
        name.consume_front("%%");
        return name;
    };
    llvm::StringRef const name = plain(made.name);
    if (name.starts_with("\\"))
        return;
    auto const it =
        llvm::find_if(policy.variables, [&](auto const& one) { return plain(one.name) == name; });
    if (it == policy.variables.end())
        return;
    bool const isSame = it->value == made.value;
    if (!isSame)
        diags.report<Code::RepeatedVariable>(made.span, made.name)
            .label(it->span, "given here first");
    estate.constructs.settle(it->construct,
                             isSame ? diag::Fidelity::exact : diag::Fidelity::dropped,
                             "a later statement counts");
    policy.variables.erase(it);
}

bool Lowering::isWhole(Node const& node, JobId id) {
    auto const missing = [&](llvm::StringRef inXml, llvm::StringRef inJson) {
        diags
            .report<Code::MissingControlmName>(
                node.nameSpan, isOfApi ? llvm::StringRef("Action:Set") : node.row->keyword,
                isOfApi ? inJson : inXml)
            .object(estate.jobs[id].name);
        estate.constructs.settle(node.construct, Fidelity::refused, "missing attribute");
    };
    Field const* const name = node.find(Attr::setsVariable_NAME);
    Field const* const both = node.find(Attr::setsVariable_EXP);
    if (name && both) {
        notModelled(id, both->whole, both->construct, "EXP beside NAME");
    } else if (both && readVariable(node).name.empty()) {
        llvm::StringRef const shown = both->value.take_front(60);
        diags
            .report<Code::BadControlmValue>(both->span, shown, both->shownAs(),
                                            "a name and a value such as `%%NAME=value`")
            .object(estate.jobs[id].name)
            .evidence(shown);
        estate.constructs.settle(both->construct, Fidelity::refused, "bad value");
    } else if (!name && !both) {
        missing("NAME", "Variable");
    } else if (name && !node.given(Attr::setsVariable_VALUE)) {
        missing("VALUE", "Value");
    } else {
        return true;
    }
    estate.jobs[id].refused = true;
    return false;
}

void Lowering::notModelled(JobId id, Span where, ConstructId construct, llvm::StringRef what) {
    Job& job = estate.jobs[id];
    job.refused = true;
    OrderPolicy& policy = estate.orderPolicies[job.orders];
    estate.constructs.settle(construct, Fidelity::refused, "no model");
    if (policy.unmodelled.empty())
        policy.unmodelled = estate.save(what);
    else if (policy.unmodelled == what)
        return;
    diags.report<Code::NotModelled>(where, job.name, what).object(job.name).evidence(what);
}

void Lowering::orders(Node const& node, JobId id) {
    OrderPolicy& policy = estate.orderPolicies[estate.jobs[id].orders];
    auto const refuse = [&](Field const& field, std::string const& what) {
        notModelled(id, field.whole, field.construct, what);
    };
    for (Attr const attribute : withoutModel)
        if (Field const* field = node.find(attribute))
            refuse(*field, field->row->keyword.str());

    method(node, id, policy);
    window(node, id, policy);
    repetition(node, id, policy);

    auto const flag = [&](Attr attribute, Sourced<bool>& target) {
        if (Field const* field = node.find(attribute))
            target.set(readFlag(field->value).value_or(false), field->construct);
    };
    flag(Attr::entities_CONFIRM, policy.confirm);
    flag(Attr::entities_CRITICAL, policy.critical);
    flag(Attr::scheduling_RETRO, policy.retro);
    flag(Attr::entities_END_FOLDER, policy.endsFolder);
    if (JobId const box = estate.jobs[id].box; box && policy.endsFolder.value)
        estate.orderPolicies[estate.jobs[box].orders].hasEnder = true;
    if (Field const* field = node.find(Attr::entities_PRIORITY))
        policy.priority.set(field->value.trim(), field->construct);
    auto const number = [&](Attr attribute, auto& target) {
        if (Field const* field = node.find(attribute))
            target.set(static_cast<int32_t>(readNumber(field->value).value_or(0)),
                       field->construct);
    };
    number(Attr::scheduling_MAXWAIT, policy.maxWait);
    number(Attr::anyFolder_DAYSKEEPINNOTOK, policy.keepNotOk);
    if (Field const* field = node.find(Attr::entities_NODEID)) {
        Job& job = estate.jobs[id];
        job.machines.set({field->value.trim()}, field->construct);
    }
    if (Field const* field = node.find(Attr::entities_MULTY_AGENT);
        field && readFlag(field->value).value_or(false))
        refuse(*field, "MULTY_AGENT");
    if (Field const* field = node.find(Attr::entities_ADJUST_COND)) {
        using Adjust = OrderPolicy::Adjust;
        char const letter = llvm::toUpper(field->value.trim().front());
        policy.adjust = letter == 'Y'   ? Adjust::drop
                        : letter == 'D' ? Adjust::dummy
                        : letter == 'B' ? Adjust::bridge
                                        : Adjust::none;
        policy.adjustFrom = field->construct;
    }
    for (Node const& child : node.children) {
        if (child.is(E::control)) {
            locks(child, policy);
        } else if (child.is(E::on)) {
            endRule(child, id, policy);
        } else if (child.is(E::shout)) {
            policy.shouts.push_back({readWhen(child.value(Attr::shout_WHEN)),
                                     child.value(Attr::shout_TIME), child.value(Attr::message_DEST),
                                     child.value(Attr::message_URGENCY),
                                     child.value(Attr::message_MESSAGE), child.span,
                                     child.construct, child.value(Attr::shout_DAYSOFFSET)});
        } else if (child.is(E::variable)) {
            if (!isWhole(child, id))
                continue;
            OrderVariable const made = readVariable(child);
            bool const isParameter =
                llvm::any_of(estate.jobs[id].parameters,
                             [&](ConstructId parameter) { return parameter == made.construct; });
            if (!isParameter) {
                overrideEarlier(made, policy);
                policy.variables.push_back(made);
            }
        } else if (child.is(E::capture) || child.is(E::stepRange)) {
            notModelled(id, child.nameSpan, child.construct, child.row->keyword);
        } else if (child.is(E::quantitative) &&
                   child.value(Attr::quantitative_ONOK).starts_with_insensitive("D") &&
                   !child.value(Attr::quantitative_ONFAIL).starts_with_insensitive("K")) {
            notModelled(id, child.nameSpan, child.construct, "ONOK"); // CTM-080
        }
    }
}

/// CTM-006. Nothing said is nobody's: an export writes the attribute.
void Lowering::method(Node const& node, JobId id, OrderPolicy& policy) {
    using Method = OrderPolicy::Method;
    Job const& job = estate.jobs[id];
    if (job.box) {
        OrderPolicy const& around = estate.orderPolicies[estate.jobs[job.box].orders];
        policy.method = around.method;
        policy.isMainframe = around.isMainframe;
        policy.userDaily = around.userDaily;
        return;
    }
    llvm::StringRef const platform = node.value(Attr::topFolders_PLATFORM);
    policy.isMainframe = platform.contains_insensitive("MVS") ||
                         platform.contains_insensitive("z/OS") ||
                         platform.contains_insensitive("zos");
    Field const* const field = node.find(Attr::topFolders_FOLDER_ORDER_METHOD);
    if (!field || field->value.trim().equals_insensitive("NONE")) {
        policy.method = Method::manual;
    } else if (!field->value.trim().equals_insensitive("SYSTEM")) {
        policy.method = Method::userDaily;
        policy.userDaily.set(field->value.trim(), field->construct);
    }
}

/// CTM-050…055
void Lowering::window(Node const& node, JobId id, OrderPolicy& policy) {
    if (Field const* field = node.find(Attr::entities_TIMEFROM))
        if (auto const time = readTime(field->value))
            policy.fromTime.set(*time, field->construct);
    if (Field const* field = node.find(Attr::entities_TIMETO)) {
        if (field->value.trim() == ">")
            policy.isOpenEnded.set(true, field->construct);
        else if (auto const time = readTime(field->value))
            policy.toTime.set(*time, field->construct);
    }
    for (auto const& [attribute, target] :
         {std::pair(Attr::entities_FROM_DAYSOFFSET, &policy.fromDays),
          std::pair(Attr::entities_TO_DAYSOFFSET, &policy.toDays)})
        if (Field const* field = node.find(attribute))
            target->set(static_cast<int32_t>(readNumber(field->value).value_or(0)),
                        field->construct);
    if (Field const* field = node.find(Attr::entities_TIMEZONE)) {
        policy.timezone.set(field->value.trim(), field->construct);
        if (resolveZone(field->value.trim()).how == ResolvedZone::How::unknown)
            notModelled(id, field->span, field->construct,
                        fmt::format("TIMEZONE {}", field->value.trim().str()));
    }
}

/// CTM-060…067
void Lowering::repetition(Node const& node, JobId id, OrderPolicy& policy) {
    if (Field const* field = node.find(Attr::entities_MAXRERUN))
        policy.maxRerun.set(readNumber(field->value).value_or(0), field->construct);
    if (Field const* field = node.find(Attr::entities_INTERVAL))
        policy.interval.set(readInterval(field->value), field->construct);
    Field const* const cyclic = node.find(Attr::entities_CYCLIC);
    llvm::StringRef const type = node.value(Attr::entities_TASKTYPE);
    policy.isCyclic =
        (cyclic && readFlag(cyclic->value).value_or(false)) || type.contains_insensitive("Cyclic");
    if (!policy.isCyclic)
        return;
    if (cyclic)
        policy.cyclicFrom = cyclic->construct;
    Cycle& cycle = policy.cycle;
    llvm::StringRef const from = node.value(Attr::entities_IND_CYCLIC).trim();
    cycle.from = from.starts_with_insensitive("E")   ? Cycle::From::end
                 : from.starts_with_insensitive("T") ? Cycle::From::target
                                                     : Cycle::From::start;
    llvm::StringRef const kind = node.value(Attr::entities_CYCLIC_TYPE).trim();
    bool const isSequence =
        kind.equals_insensitive("V") || kind.equals_insensitive("INTERVALSEQUENCE");
    bool const isTimes = kind.equals_insensitive("S") || kind.equals_insensitive("SPECIFICTIMES");
    cycle.tolerance =
        static_cast<int32_t>(readNumber(node.value(Attr::entities_CYCLIC_TOLERANCE)).value_or(0));
    if (isSequence) {
        cycle.kind = Cycle::Kind::sequence;
        eachOf(node.value(Attr::entities_CYCLIC_INTERVAL_SEQUENCE),
               [&](llvm::StringRef item) { cycle.minutes.push_back(readInterval(item)); });
    } else if (isTimes) {
        cycle.kind = Cycle::Kind::times;
        eachOf(node.value(Attr::entities_CYCLIC_TIMES_SEQUENCE),
               [&](llvm::StringRef item) { cycle.minutes.push_back(readTime(item).value_or(0)); });
    } else {
        cycle.minutes.push_back(policy.interval.value);
    }
    bool const isTold = llvm::any_of(node.extras, [](Extra const& extra) {
        return extra.part == Extra::Part::bad && (extra.key == "Intervals" || extra.key == "At");
    });
    if (cycle.minutes.empty() && !isTold)
        notModelled(id, cyclic ? cyclic->whole : node.nameSpan, policy.cyclicFrom,
                    "a cycle without its list of times");
}

void Lowering::locks(Node const& node, OrderPolicy& policy) {
    LockUse lock;
    lock.name = node.value(Attr::control_NAME);
    lock.isExclusive = !node.value(Attr::control_TYPE).starts_with_insensitive("S");
    lock.keepsOnFailure = node.value(Attr::control_ONFAIL).starts_with_insensitive("K");
    lock.span = node.span;
    lock.construct = node.construct;
    if (!lock.name.empty())
        policy.locks.push_back(lock);
}

void Lowering::endRule(Node const& node, JobId id, OrderPolicy& policy) {
    EndRule rule;
    rule.span = node.span;
    rule.construct = node.construct;
    auto const refuse = [&](Node const& at, std::string const& what) {
        notModelled(id, at.nameSpan, at.construct, what);
    };
    for (Attr const attribute : {Attr::on_PGMS, Attr::on_PROCS, Attr::on_FROM_COLUMN,
                                 Attr::on_TO_COLUMN, Attr::on_AND_OR, Attr::on_PATTERN})
        if (Field const* field = node.find(attribute);
            field && field->value.trim() != "N" &&
            !field->value.trim().equals_insensitive("ANYSTEP"))
            notModelled(id, field->whole, field->construct, ("ON " + field->row->keyword).str());
    llvm::StringRef const code = node.value(Attr::on_CODE);
    auto const test = readTest(node.value(Attr::on_STMT), code);
    if (!test)
        refuse(node, fmt::format("ON CODE {}", code.take_front(40).str()));
    else if (llvm::StringRef const statement = node.value(Attr::on_STMT).trim();
             test->kind == EndTest::Kind::output && !statement.empty() && statement != "*")
        // Which lines a statement of the script has printed, only its trace would say (CTM-072).
        refuse(node, fmt::format("ON STMT {}", statement.take_front(40).str()));
    else
        rule.test = *test;
    for (Node const& child : node.children)
        if (auto made = endAction(child, id))
            rule.actions.push_back(*made);
    policy.rules.push_back(std::move(rule));
}

std::optional<EndAction> Lowering::endAction(Node const& node, JobId id) {
    using Kind = EndAction::Kind;
    EndAction action;
    action.span = node.span;
    action.construct = node.construct;
    action.date = ir::Scope{ir::Scope::Kind::sameCycle, 0, 0};
    auto const refuse = [&](std::string const& what) {
        notModelled(id, node.nameSpan, node.construct, what);
        return std::nullopt;
    };
    switch (node.row->id) {
    case E::doAction: {
        llvm::StringRef const word = node.value(Attr::doAction_ACTION).trim();
        if (word.equals_insensitive("OK"))
            action.kind = Kind::setOk;
        else if (word.equals_insensitive("NOTOK"))
            action.kind = Kind::setNotOk;
        else if (word.equals_insensitive("RERUN"))
            action.kind = Kind::rerun;
        else if (word.equals_insensitive("SPCYC") || word.equals_insensitive("STOPCYCL"))
            action.kind = Kind::stopCyclic;
        else
            return refuse(fmt::format("DOACTION {}", word.str()));
        return action;
    }
    case E::doCond: {
        action.kind = Kind::changeFact;
        auto const& changes = estate.jobs[id].factChanges;
        for (size_t i = 0; i < changes.size(); ++i)
            if (changes[i].isAction && changes[i].construct == node.construct) {
                action.fact = static_cast<uint32_t>(i);
                return action;
            }
        return std::nullopt; // has no name, or a bad date: reported
    }
    case E::doForceJob: {
        action.kind = Kind::forceJob;
        action.folder = node.value(Attr::doForceJob_TABLE_NAME).trim();
        action.name = node.value(Attr::doForceJob_NAME).trim();
        llvm::StringRef const date = node.value(Attr::doForceJob_ODATE);
        if (!date.empty()) {
            auto const scope = readOrderDate(date);
            if (!scope || scope->kind == ir::Scope::Kind::noDate ||
                scope->kind == ir::Scope::Kind::anyOrderDate)
                return refuse(fmt::format("DOFORCEJOB ODATE {}", date.take_front(20).str()));
            action.date = *scope;
        }
        if (readFlag(node.value(Attr::doForceJob_REMOTE)).value_or(false) ||
            node.find(Attr::doForceJob_DATACENTER))
            return refuse("DOFORCEJOB of another server");
        // Without it a job is ordered alone, and a folder as a new one (CTM-077).
        for (Attr const into :
             {Attr::doForceJob_INTO_TABLE_ORDERID, Attr::doForceJob_INTO_FOLDER_ORDERID})
            if (llvm::StringRef const given = node.value(into).trim();
                !given.empty() && !given.equals_insensitive(action.name.empty() ? "NEWG" : "ALONE"))
                return refuse(
                    fmt::format("DOFORCEJOB into the folder {}", given.take_front(20).str()));
        if (action.folder.empty())
            return refuse("DOFORCEJOB without a folder");
        return action;
    }
    case E::doVariable: {
        if (!isWhole(node, id))
            return std::nullopt;
        action.kind = Kind::setVariable;
        OrderVariable const made = readVariable(node);
        action.name = made.name;
        action.text = made.value;
        return action;
    }
    case E::doMail:
    case E::doShout:
        action.kind = node.is(E::doMail) ? Kind::mail : Kind::shout;
        action.destination = node.value(Attr::message_DEST);
        action.urgency = node.value(Attr::message_URGENCY);
        action.subject = node.value(Attr::message_SUBJECT);
        action.text = node.value(Attr::message_MESSAGE);
        if (llvm::StringRef const copies = node.value(Attr::doMail_CC_DEST); !copies.empty())
            action.destination = estate.save(
                (action.destination + (action.destination.empty() ? "" : "; ") + copies).str());
        action.attachesOutput = readFlag(node.value(Attr::doMail_ATTACH_SYSOUT)).value_or(false);
        return action;
    case E::doRemedy:
        action.kind = Kind::ticket;
        action.subject = node.value(Attr::doRemedy_SUMMARY);
        action.text = node.value(Attr::doRemedy_DESCRIPTION);
        return action;
    case E::doOutput:
        action.kind = Kind::output;
        action.name = node.value(Attr::doOutput_OPTION);
        action.text = node.value(Attr::doOutput_PAR);
        return action;
    default: return refuse(node.row->keyword.str()); // DOIFRERUN, DOCTBRULE: restart steps
    }
}

/// CTM-021, CTM-105. A script stands in MEMLIB/MEMNAME or FILE_PATH/FILE_NAME.
void Lowering::action(Node const& node, Job& job) {
    auto const sourced = [&](Attr attribute, Sourced<llvm::StringRef>& target) {
        if (Field const* field = node.find(attribute); field && !target)
            target.set(field->value, field->construct);
    };
    llvm::StringRef const application = node.value(Attr::entities_APPL_TYPE);
    Field const* const typeField = node.find(Attr::entities_TASKTYPE);
    llvm::StringRef const type = typeField ? typeField->value.trim() : llvm::StringRef();
    if (type.equals_insensitive("Dummy")) {
        job.action = NoAction{typeField->construct};
        return;
    }
    if (!application.empty() && !application.equals_insensitive("OS")) {
        if (!plugIn(node, application, job))
            job.action = OpaqueAction{application, node.construct};
        return;
    }
    bool const isPlain =
        type.empty() || type.equals_insensitive("Job") || type.equals_insensitive("Command") ||
        type.equals_insensitive("Detached") || type.equals_insensitive("Cyclic Job");
    Field const* const command = node.find(Attr::entities_CMDLINE);
    if (command && (type.empty() || type.equals_insensitive("Command"))) {
        CommandAction action;
        action.command.set(command->value, command->construct);
        job.action = std::move(action);
        return;
    }
    // Its agent gives the shell an empty script.
    Field const* const empty = node.given(Attr::entities_CMDLINE);
    if (empty && type.equals_insensitive("Command") && !node.find(Attr::entities_INSTREAM_JCL)) {
        CommandAction action;
        action.command.set({}, empty->construct);
        job.action = std::move(action);
        diags.report<Code::EmptyCommandLine>(empty->whole, job.name)
            .object(job.name)
            .help("a job that is meant to do nothing is `TASKTYPE=\"Dummy\"`");
        return;
    }
    ScriptAction script;
    sourced(Attr::entities_MEMLIB, script.folder);
    sourced(Attr::entities_FILE_PATH, script.folder);
    sourced(Attr::entities_MEMNAME, script.file);
    sourced(Attr::entities_FILE_NAME, script.file);
    Field const* const inside = node.find(Attr::entities_INSTREAM_JCL);
    bool const usesInside =
        inside && readFlag(node.value(Attr::entities_USE_INSTREAM_JCL)).value_or(true);
    if (usesInside)
        script.text.set(inside->value, inside->construct);
    if (!isPlain || (!script.file && !script.text)) {
        job.action = OpaqueAction{type.empty() ? llvm::StringRef("Job") : type, node.construct};
        return;
    }
    for (unsigned number = 1;; ++number) {
        std::string const wanted = fmt::format("%%PARM{}", number);
        Sourced<llvm::StringRef> argument;
        for (Node const& child : node.children)
            if (child.is(E::variable))
                if (OrderVariable const made = readVariable(child);
                    made.name == wanted || made.name == llvm::StringRef(wanted).drop_front(2))
                    argument.set(made.value, made.construct);
        if (!argument)
            break;
        script.arguments.push_back(argument);
    }
    job.action = std::move(script);
}

} // namespace hoist::controlm
