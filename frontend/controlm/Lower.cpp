// Folders and jobs: what they are and do. Their conditions, days and the criteria of their orders
// stand in files of their own.
#include "frontend/controlm/Lower.h"

#include "frontend/controlm/Values.h"

#include <llvm/ADT/DenseSet.h>

#include <fmt/format.h>

#include <bitset>
#include <functional>

namespace hoist::controlm {

using namespace ir;
using diag::Code;
using diag::Fidelity;

namespace {
constexpr size_t attributeCount = static_cast<size_t>(Attr::notebook_NOTE_CREATOR) + 1;
}

Lowering::Lowering(Estate& target, diag::Diagnostics& findings) : estate(target), diags(findings) {
    for (Job const& job : estate.jobs)
        foreignNames.insert(job.name);
}

void Lowering::container(Node& node) {
    enter(node, {}, node.row->keyword);
    settleAll(node, Fidelity::exact, "container");
}

void Lowering::take(Node& node) {
    switch (node.row->id) {
    case E::folder:
    case E::smartFolder: return folder(node);
    case E::calendar: return calendar(node);
    case E::rule: return rule(node);
    default: // the tables let nothing else stand here
        enter(node, {}, node.row->keyword);
        settleAll(node, Fidelity::dropped, "unknown");
    }
}

/// Two spellings of one attribute may both be given (`OWNER`, `RUN_AS`).
static void reportTwice(Field const& field, Node const& node, llvm::StringRef object,
                        diag::Diagnostics& diags) {
    Field const* const first = node.find(field.row->id);
    if (first && first != &field && first->value != field.value)
        diags.report<Code::GivenTwice>(field.whole, field.row->keyword)
            .object(object)
            .label(first->whole, "this one counts");
}

void Lowering::enter(Node& node, JobId owner, llvm::StringRef object) {
    if (!node.isImplied)
        node.construct = estate.constructs.add(node.span, node.kind, owner);
    for (Extra const& extra : node.extras) {
        ir::ConstructId const id = estate.constructs.add(extra.span, extra.kind, owner);
        if (!owner)
            estate.constructs.settle(id, Fidelity::refused, "not translated yet");
        else if (extra.part == Extra::Part::parameter)
            estate.jobs[owner].kept.push_back({extra.key, extra.value, id});
        else if (extra.part == Extra::Part::unknown)
            notModelled(owner, extra.span, id, extra.key);
        if (extra.part == Extra::Part::bad)
            badExtra(extra, id, owner, object);
    }
    std::bitset<attributeCount> seen;
    for (Field& field : node.fields) {
        field.construct = field.isImplied ? node.construct
                                          : estate.constructs.add(field.whole, field.kind, owner);
        auto const index = static_cast<size_t>(field.row->id);
        if (seen.test(index))
            reportTwice(field, node, object, diags);
        seen.set(index);
        if (field.row->fate == Fate::inert && !field.isImplied)
            estate.constructs.settle(field.construct, Fidelity::exact, "documentation");
        if (field.value.empty())
            continue;
        auto const bad = checkValue(*field.row, field.value);
        if (!bad)
            continue;
        field.isBad = true;
        // The part, where the value is the file's own text.
        Span where = field.span;
        if (estate.sources.text(field.span).data() == field.value.data() && !bad->part.empty()) {
            where.begin += static_cast<uint32_t>(bad->part.data() - field.value.data());
            where.end = where.begin + static_cast<uint32_t>(bad->part.size());
        }
        std::string const shown = bad->part.take_front(60).str();
        auto finding =
            diags.report<Code::BadControlmValue>(where, shown, field.shownAs(), bad->wanted);
        finding.object(object).evidence(shown);
        if (!bad->help.empty())
            finding.help(bad->help);
        // Weekdays in the list of the days of a month: Control-M takes them no more than hoist.
        auto const* const weekdays = findAttribute(node.row->id, "WEEKDAYS");
        bool const isOfXml = estate.sources.text(field.whole).starts_with("DAYS");
        if (field.row->id == Attr::scheduling_DAYS && weekdays && isOfXml &&
            !node.given(Attr::scheduling_WEEKDAYS) && !checkValue(*weekdays, field.value))
            finding.fix({Span{field.whole.begin, field.whole.begin + 4}, "WEEKDAYS",
                         "name them as weekdays", diag::Applicability::unsafe});
        estate.constructs.settle(field.construct, Fidelity::refused, "bad value");
        if (owner)
            estate.jobs[owner].refused = true;
    }
}

/// What JSON gives where something else is needed.
void Lowering::badExtra(Extra const& extra, ir::ConstructId construct, JobId owner,
                        llvm::StringRef object) {
    llvm::StringRef const shown = extra.value.take_front(60);
    diags.report<Code::BadControlmValue>(extra.span, shown, extra.key, extra.wanted)
        .object(object)
        .evidence(shown);
    estate.constructs.settle(construct, Fidelity::refused, "bad value");
    if (owner)
        estate.jobs[owner].refused = true;
}

void Lowering::settleAll(Node& node, Fidelity fate, llvm::StringRef form) {
    estate.constructs.settle(node.construct, fate, form);
    for (Field const& field : node.fields)
        if (field.row->fate != Fate::inert)
            estate.constructs.settle(field.construct, fate, form);
    for (Node& child : node.children) {
        if (!child.construct && !child.isImplied)
            enter(child, {}, child.row->keyword);
        settleAll(child, fate, form);
    }
}

llvm::StringRef Lowering::claim(std::string name, bool isTop) {
    if (isTop && foreignNames.contains(name))
        name =
            "controlm:" + name; // a box of that name, perhaps the same flow in the other scheduler
    uint32_t& asked = names[name];
    if (asked++ == 0)
        return estate.save(name);
    while (true) {
        std::string numbered = fmt::format("{}#{}", name, names[name]);
        if (names.try_emplace(numbered, 1).second)
            return estate.save(numbered);
        ++names[name];
    }
}

void Lowering::folder(Node& node) {
    bool const isSmart = node.is(E::smartFolder);
    Field const* name = node.find(Attr::topFolders_FOLDER_NAME);
    if (!name && isSmart)
        name = node.find(Attr::entities_JOBNAME);
    llvm::StringRef const server = node.value(Attr::topFolders_DATACENTER);
    if (!name) {
        diags.report<Code::MissingControlmName>(node.nameSpan, node.row->keyword,
                                                llvm::StringRef("FOLDER_NAME"));
        entity(node, nullptr, "(without a name)", node.nameSpan, server);
        return;
    }
    auto const [known, isNew] = folders.try_emplace((server + "/" + name->value).str(), name->span);
    if (!isNew)
        diags.report<Code::DuplicateFolder>(name->span, name->value)
            .object(name->value)
            .label(known->second, "the first definition");
    entity(node, nullptr, name->value, name->span, server);
}

void Lowering::entity(Node& node, Scope* around, llvm::StringRef name, Span nameSpan,
                      llvm::StringRef server) {
    JobId const id = estate.jobs.add();
    estate.jobs[id].orders = estate.orderPolicies.add();
    if (!around && server.empty())
        unnamed.push_back(id);
    else if (!around)
        servers.insert(server);
    Scope scope;
    scope.around = around;
    scope.node = &node;
    scope.job = id;
    scope.server = server;
    llvm::StringRef const full =
        claim(around ? around->path + "/" + name.str() : name.str(), around == nullptr);
    scope.path = full.str();
    estate.jobs[id].name = full;
    enter(node, id, full);

    bool const isGroup = !node.is(E::job);
    {
        Job& job = estate.jobs[id];
        job.nameSpan = nameSpan;
        job.origin = node.span;
        job.statement = node.construct;
        job.dialect = Dialect::controlm;
        if (around)
            job.box = around->job;
        auto const set = [&](Attr attribute, Sourced<llvm::StringRef>& target) {
            if (Field const* field = node.find(attribute))
                target.set(field->value, field->construct);
        };
        set(Attr::entities_RUN_AS, job.owner);
        set(Attr::entities_DESCRIPTION, job.description);
        set(Attr::entities_APPLICATION, job.application);
        set(Attr::entities_SUB_APPLICATION, job.label);
        if (isGroup) {
            job.action = GroupAction{};
            job.group = estate.groups.add(Group{id, {}, {}, {}, node.is(E::folder)});
        }
        if (around && !job.nameSpan.isValid())
            job.nameSpan = node.nameSpan;
    }
    for (Node& child : node.children)
        if (!(in(child.row->id) & groups::entities)) {
            enter(child, id, full);
            for (Node& inner : child.children) {
                enter(inner, id, full);
                for (Node& innermost : inner.children)
                    enter(innermost, id, full);
            }
        }
    if (!isGroup)
        action(node, estate.jobs[id]);
    conditions(node, id, server);
    changes(node, id, server);
    orders(node, id);
    resources(node, estate.jobs[id]);
    traps(node, full);
    ordering(node, scope);
    rules(node, &scope, full);
    calendarUses(node, full, server);
    if (around)
        parentName(node, *around, full);

    for (Node& child : node.children) {
        if (!(in(child.row->id) & groups::entities))
            continue;
        Field const* const childName = child.find(Attr::entities_JOBNAME)
                                           ? child.find(Attr::entities_JOBNAME)
                                           : child.find(Attr::entities_MEMNAME);
        if (!childName)
            diags
                .report<Code::MissingControlmName>(child.nameSpan, child.row->keyword,
                                                   llvm::StringRef("JOBNAME"))
                .object(full);
        llvm::StringRef const shortName =
            childName ? childName->value : llvm::StringRef("(without a name)");
        Span const where = childName ? childName->span : child.nameSpan;
        if (auto const [first, isNew] = scope.jobs.try_emplace(shortName, where);
            !isNew && childName)
            diags.report<Code::SameNameInFolder>(where, shortName, full)
                .object(full)
                .evidence(shortName)
                .label(first->second, "the first one");
        entity(child, &scope, shortName, where, server);
    }
}

void Lowering::resources(Node const& node, Job& job) {
    for (Node const& child : node.children) {
        Field const* const name = child.find(Attr::quantitative_NAME);
        if (!child.is(E::quantitative) || !name)
            continue;
        ResourceUse use;
        use.name = name->value;
        use.span = name->span;
        use.quantity = readNumber(child.value(Attr::quantitative_QUANT)).value_or(1);
        llvm::StringRef const onFail = child.value(Attr::quantitative_ONFAIL);
        bool const discards = child.value(Attr::quantitative_ONOK).starts_with_insensitive("D");
        use.free = !onFail.starts_with_insensitive("K") ? 'A' : discards ? 'N' : 'Y'; // CTM-080
        use.freeGiven = !onFail.empty();
        use.construct = child.construct;
        job.resources.push_back(use);
    }
}

/// What is written in good faith and does something else.
void Lowering::traps(Node const& node, llvm::StringRef object) {
    auto const everyDay = [&](Node const& criteria) { // C11
        Field const* const days = criteria.find(Attr::scheduling_DAYS);
        Field const* const weekdays = criteria.find(Attr::scheduling_WEEKDAYS);
        if (!days || !weekdays ||
            criteria.value(Attr::scheduling_DAYS_AND_OR).starts_with_insensitive("A"))
            return;
        bool const byDays = isEveryDay(days->value) && !criteria.find(Attr::scheduling_DAYSCAL);
        bool const byWeekdays =
            isEveryDay(weekdays->value) && !criteria.find(Attr::scheduling_WEEKSCAL);
        auto const isNone = [](Field const& field) {
            return field.value.trim().equals_insensitive("NONE");
        };
        if (byDays == byWeekdays || isNone(*days) || isNone(*weekdays))
            return;
        Field const& all = byDays ? *days : *weekdays;
        Field const& other = byDays ? *weekdays : *days;
        diags.report<Code::EveryDayByOr>(all.span, all.row->keyword, other.row->keyword)
            .object(object)
            .evidence(other.value)
            .label(other.span, "has no effect")
            .help("`DAYS_AND_OR=\"A\"` asks for both")
            .note("rule CTM-040");
    };
    everyDay(node);
    for (Node const& child : node.children)
        if (child.is(E::rule))
            everyDay(child);

    Field const* const reruns = node.find(Attr::entities_MAXRERUN); // CTM-067, C7
    if (!reruns || readNumber(reruns->value).value_or(0) <= 0 ||
        readFlag(node.value(Attr::entities_CYCLIC)).value_or(false))
        return;
    for (Node const& child : node.children)
        if (child.is(E::on))
            for (Node const& inner : child.children)
                if (inner.value(Attr::doAction_ACTION).equals_insensitive("RERUN"))
                    return;
    diags.report<Code::RerunWithoutAction>(reruns->span, reruns->value.trim())
        .object(object)
        .help("a rule `ON … NOTOK` with `DOACTION ACTION=\"RERUN\"` would run it again")
        .note("rule CTM-067");
}

void Lowering::parentName(Node const& node, Scope const& around, llvm::StringRef object) {
    Field const* const given = node.find(Attr::entities_PARENT_FOLDER);
    if (!given || given->value == around.path)
        return;
    auto const nameOf = [](Scope const& scope) {
        llvm::StringRef const path = scope.path;
        return path.substr(path.rfind('/') + 1);
    };
    for (Scope const* scope = &around; scope; scope = scope->around)
        if (given->value == nameOf(*scope))
            return;
    diags.report<Code::ParentDiffers>(given->span, given->value, around.path)
        .object(object)
        .label(around.node->nameSpan, "it stands in this one, which counts");
}

/// CTM-045. A name is that of a rule of a folder around, or of the server.
void Lowering::rules(Node const& node, Scope const* around, llvm::StringRef object) {
    for (Node const& child : node.children) {
        if (!child.is(E::ruleUse) && !child.is(E::ruleExclude))
            continue;
        Field const* const field = child.find(Attr::usesRule_NAME);
        llvm::StringRef name = field ? field->value.trim() : llvm::StringRef();
        name.consume_front("!");
        if (name.empty() || name == "*" || name.equals_insensitive("USE PARENT") ||
            name.equals_insensitive("NONE"))
            continue;
        bool isKnown = false;
        for (Scope const* scope = around; scope && !isKnown; scope = scope->around)
            isKnown = scope->rules.contains(name);
        if (!isKnown)
            rulesUsed.push_back(
                {name, field->row->keyword, object, {}, field->span, field->construct});
    }
}

void Lowering::calendarUses(Node const& node, llvm::StringRef object, llvm::StringRef server) {
    auto const collect = [&](Node const& criteria) {
        for (Attr const attribute :
             {Attr::scheduling_DAYSCAL, Attr::scheduling_WEEKSCAL, Attr::scheduling_CONFCAL})
            if (Field const* field = criteria.find(attribute))
                calendarsUsed.push_back({field->value.trim(), field->row->keyword, object, server,
                                         field->span, field->construct});
    };
    collect(node);
    for (Node const& child : node.children)
        if (child.is(E::rule))
            collect(child);
}

void Lowering::finish() {
    auto const isKnown = [&](Use const& use) {
        return use.server.empty() ? calendarNames.contains(use.name)
                                  : calendars.contains((use.server + "/" + use.name).str()) ||
                                        calendars.contains(("/" + use.name).str());
    };
    llvm::StringSet<> told; // one finding for what hundreds of jobs name
    auto const report = [&](Use const& use) {
        estate.constructs.settle(use.construct, Fidelity::refused, "unresolved calendar");
        if (told.insert((use.server + "/" + use.name).str()).second)
            diags.report<Code::UnresolvedCalendar>(use.span, use.name, use.object)
                .object(use.name)
                .evidence(use.object)
                .help("export the calendars too (`DEFCAL`), and give hoist both files")
                .note("rule CTM-020");
    };
    for (Use const& use : calendarsUsed)
        if (!isKnown(use))
            report(use);
    for (Use const& use : rulesUsed)
        if (!globalRules.contains(use.name))
            report(use);
    assumeServer();
    resolveOrderings();
}

/// One table is the only one there is, as far as the estate tells: it is taken to be theirs, too.
/// Several are a question that the lowering puts where it matters.
void Lowering::assumeServer() {
    if (servers.size() != 1 || unnamed.empty())
        return;
    estate.assumedServer = estate.save(servers.begin()->getKey());
    llvm::DenseSet<uint32_t> folder;
    llvm::DenseSet<uint32_t> told;
    for (JobId const id : unnamed)
        folder.insert(id.value);
    std::function<ExprId(ExprId)> const named = [&](ExprId id) {
        ir::Expr const expr = estate.conditions[id];
        if (expr.kind == ir::Expr::Kind::atom) {
            ir::Atom atom = estate.conditions[expr.atom];
            if (atom.kind == ir::Atom::Kind::fact)
                atom.instance = estate.assumedServer;
            return estate.conditions.atom(atom);
        }
        llvm::SmallVector<ExprId, 8> operands;
        for (ExprId const operand : llvm::SmallVector<ExprId, 8>(estate.conditions.operands(id)))
            operands.push_back(named(operand));
        switch (expr.kind) {
        case ir::Expr::Kind::all: return estate.conditions.all(operands);
        case ir::Expr::Kind::any: return estate.conditions.any(operands);
        case ir::Expr::Kind::negation: return estate.conditions.negate(operands.front());
        default: return id;
        }
    };
    for (JobId const id : estate.jobs.ids()) {
        Job& job = estate.jobs[id];
        JobId top = id;
        while (estate.jobs[top].box)
            top = estate.jobs[top].box;
        if (!folder.contains(top.value) || (!job.condition && job.factChanges.empty()))
            continue;
        if (job.condition) {
            job.condition.expr = named(job.condition.expr);
            for (ir::AtomUse& use : job.condition.uses) {
                ir::Atom atom = estate.conditions[use.atom];
                atom.instance = estate.assumedServer;
                use.atom = estate.conditions[estate.conditions.atom(atom)].atom;
            }
        }
        for (ir::FactChange& change : job.factChanges)
            change.server = estate.assumedServer;
        if (told.insert(top.value).second)
            diags
                .report<Code::ServerAssumed>(estate.jobs[top].nameSpan, estate.jobs[top].name,
                                             estate.assumedServer)
                .object(estate.jobs[top].name)
                .help("name it: `DATACENTER` of the folder, `ControlmServer` in JSON")
                .note("rule CTM-010");
    }
}

} // namespace hoist::controlm
