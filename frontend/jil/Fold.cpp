// Insert, update, delete, rename, in the order of the files. Attributes stay text until all
// statements are read, as a later update may change even the job's type.
#include "frontend/jil/Fold.h"

#include <llvm/ADT/StringSet.h>

#include <fmt/format.h>

#include <bitset>

namespace hoist::jil {

using diag::Code;
using diag::Fidelity;

llvm::StringRef plainText(llvm::StringRef value, ir::Estate& estate) {
    value = value.trim(" \t\r\n\f\v");
    if (value.size() >= 2 && value.front() == '"') {
        size_t close = 1;
        while (close < value.size() && value[close] != '"')
            close += value[close] == '\\' && close + 1 < value.size() ? 2 : 1;
        if (close + 1 == value.size())
            value = value.drop_front().drop_back();
    }
    if (!value.contains("\\:") && !value.contains("\\\""))
        return value;
    std::string plain;
    for (size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '\\' && i + 1 < value.size() &&
            (value[i + 1] == ':' || value[i + 1] == '"'))
            ++i;
        plain += value[i];
    }
    return estate.save(plain);
}

/// Calendars of both kinds share their names; `insert_glob` and `insert_global` are one subject
/// already.
llvm::StringMap<Fold::Index>& Fold::namesOf(Subject subject) {
    if (subject == Subject::extendedCalendar)
        subject = Subject::calendar;
    return names[static_cast<size_t>(subject)];
}

Definition* Fold::find(Subject subject, llvm::StringRef name) {
    auto& map = namesOf(subject);
    auto it = map.find(name);
    return it == map.end() ? nullptr : &definitions[it->second];
}

ir::KindId Fold::kindOf(Attribute const& row) {
    if (row.id == Attr::prefixed)
        return estate.constructs.intern(row.kindText);
    ir::KindId& kind = kinds[static_cast<size_t>(row.id)];
    if (!kind)
        kind = estate.constructs.intern(row.kindText);
    return kind;
}

void Fold::refuse(Span span, llvm::StringRef owner) { estate.refusals.push_back({span, owner}); }

void Fold::settleAll(std::vector<Entry> const& entries, Fidelity fate, llvm::StringRef form) {
    for (Entry const& entry : entries)
        estate.constructs.settle(entry.construct, fate, form);
}

/// Comments count as blanks (JIL-014). The text keeps its size, so that offsets in it are offsets
/// in the file.
llvm::StringRef Fold::withoutComments(RawAttribute const& raw) {
    if (raw.comments.empty())
        return raw.value;
    std::string text = raw.value.str();
    for (llvm::StringRef const comment : raw.comments)
        std::fill_n(text.begin() + (comment.begin() - raw.value.begin()), comment.size(), ' ');
    return estate.save(text);
}

llvm::StringRef Fold::objectName(RawStatement const& statement, Scanner const& scanner) {
    llvm::StringRef const raw = withoutComments(statement.name);
    Span const where = scanner.span(statement.name.value);
    llvm::StringRef const name =
        plainText(placeholders.resolve(raw, where, ValueKind::name, raw), estate);
    if (name.empty())
        return name;
    Subject const subject = statement.command ? statement.command->subject : Subject::job;
    std::string broken;
    if (name.size() > 64 && subject != Subject::machine) // JIL-050; machines: 80
        broken = "at most 64 characters";
    else if (subject == Subject::machine && name.size() > 80)
        broken = "at most 80 characters";
    else if (subject == Subject::job && name.find_if([](char c) {
                 return !llvm::isAlnum(c) && !llvm::StringRef("._-:#${}%~").contains(c);
             }) != llvm::StringRef::npos)
        broken = "letters, digits and `. _ - : #` only";
    if (!broken.empty())
        diags.report<Code::NameOutsideRules>(where, name.take_front(80), broken)
            .object(name)
            .note("AutoSys rejects such a name, so this definition cannot have come from a running "
                  "system as it stands");
    return name;
}

void Fold::apply(RawStatement const& statement, Scanner const& scanner) {
    for (Stray const& stray : statement.strays)
        estate.constructs.settle(
            estate.constructs.add(scanner.span(stray.text),
                                  stray.isHarmless ? "line of a report or shell" : "stray text"),
            stray.isHarmless ? Fidelity::dropped : Fidelity::refused, "not a definition");
    llvm::StringRef name;
    ir::ConstructId construct;
    if (!statement.key.empty()) {
        name = objectName(statement, scanner);
        // The span runs from the keyword to the end of the name, which may be empty.
        Span const key = scanner.span(statement.key);
        Span const value = scanner.span(statement.name.value);
        construct = estate.constructs.add({key.begin, std::max(key.end + 1, value.end)},
                                          statement.command ? statement.command->kindText
                                                            : llvm::StringRef("statement unknown"));
    }
    std::vector<Entry> entries;
    entries.reserve(statement.attributes.size());
    for (RawAttribute const& raw : statement.attributes) {
        Span const value = scanner.span(raw.value);
        Span const key = raw.key.empty() ? value : scanner.span(raw.key);
        entries.push_back(
            {raw.row, raw.key, withoutComments(raw), value,
             estate.constructs.add(
                 {key.begin, std::max(raw.key.empty() ? key.end : key.end + 1, value.end)},
                 kindOf(*raw.row)),
             raw.spansLines, raw.isBroken});
    }
    if (!statement.command) {
        bool const isHarmless = !statement.isBroken && statement.attributes.empty();
        if (!isHarmless) {
            Span const where = !statement.key.empty() ? scanner.span(statement.key)
                               : !statement.strays.empty()
                                   ? scanner.span(statement.strays.front().text)
                                   : scanner.span(statement.attributes.front().key);
            refuse(where, name);
        }
        estate.constructs.settle(construct, Fidelity::refused, "unknown statement");
        settleAll(entries, Fidelity::refused, "unknown statement");
        return;
    }
    Subcommand const& command = *statement.command;
    Span const nameSpan = scanner.span(statement.name.value);
    if (statement.isBroken)
        refuse(scanner.span(statement.key), name);
    llvm::StringRef dropsOverride;
    if (command.verb == Verb::overrideOnce) // `override_job: X delete` removes a pending override
        if (auto const [head, tail] = name.rsplit(' '); tail.equals_insensitive("delete"))
            dropsOverride = name = head.rtrim();
    if (name.empty()) {
        diags.report<Code::MissingName>(scanner.span(statement.key), statement.key)
            .note("`jil` stops at such a statement: the definition in the database stays what it "
                  "was");
        if (!statement.isBroken)
            refuse(scanner.span(statement.key), name);
        estate.constructs.settle(construct, Fidelity::refused, "statement without a name");
        settleAll(entries, Fidelity::refused, "statement without a name");
        return;
    }
    if (command.verb == Verb::insert)
        return insert(statement, name, construct, entries, nameSpan);
    Definition* const definition = find(command.subject, name);
    if (!definition) {
        bool const isDeletion = command.verb == Verb::remove || command.verb == Verb::removeBox;
        if (isDeletion) {
            diags
                .report<Code::NothingToDelete>(nameSpan, command.keyword, toString(command.subject),
                                               name)
                .object(name);
        } else {
            auto finding = diags.report<Code::NoSuchObject>(nameSpan, command.keyword,
                                                            toString(command.subject), name);
            finding.object(name).note("`jil` rejects the statement; give hoist the file that "
                                      "inserts it, before this one");
        }
        Fidelity const fate = isDeletion ? Fidelity::exact : Fidelity::refused;
        estate.constructs.settle(construct, fate, "no such object");
        settleAll(entries, fate, "no such object");
        return;
    }
    definition->isRefused |= statement.isBroken;
    switch (command.verb) {
    case Verb::update:
        definition->statements.push_back(construct);
        estate.constructs.settle(construct, Fidelity::exact, "folded");
        merge(*definition, entries, true);
        if (command.subject == Subject::job)
            noteMember(static_cast<Index>(definition - definitions.data()));
        break;
    case Verb::remove:
    case Verb::removeBox:
        settleAll(entries, Fidelity::exact, "deleted");
        remove(*definition, construct, command.verb == Verb::removeBox);
        break;
    case Verb::overrideOnce:
        if (!dropsOverride.empty()) {
            definition->overrides.clear();
            estate.constructs.settle(construct, Fidelity::exact, "override removed");
            settleAll(entries, Fidelity::exact, "override removed");
            break;
        }
        diags.report<Code::OneShotOverride>(nameSpan, name)
            .object(name)
            .help("if the change is to last, make it an `update_job`; if not, repeat it by hand "
                  "for that one run");
        definition->statements.push_back(construct);
        estate.constructs.settle(construct, Fidelity::dropped, "one run only");
        settleAll(entries, Fidelity::dropped, "one run only");
        definition->overrides = std::move(entries);
        break;
    case Verb::rename: rename(name, construct, entries); break;
    case Verb::insert: break;
    }
}

void Fold::insert(RawStatement const& statement, llvm::StringRef name, ir::ConstructId construct,
                  std::vector<Entry> const& entries, Span nameSpan) {
    Subject const subject = statement.command->subject;
    auto& map = namesOf(subject);
    if (auto it = map.find(name); it != map.end()) {
        Definition& old = definitions[it->second];
        bool const replaces = estate.settings.lastInsertWins;
        auto finding = diags.report<Code::DuplicateObject>(nameSpan, toString(subject), name);
        finding.object(name).label(old.nameSpan, "first inserted here");
        finding.note(replaces ? "the setting last-insert-wins takes this one"
                              : "`jil` rejects the second one: the first stays in force");
        if (!replaces) {
            estate.constructs.settle(construct, Fidelity::refused, "duplicate");
            settleAll(entries, Fidelity::refused, "duplicate");
            return;
        }
        settleAll(old.entries, Fidelity::exact, "superseded");
        estate.constructs.settle(old.statement, Fidelity::exact, "superseded");
        old.isAlive = false;
    }
    map[name] = static_cast<Index>(definitions.size());
    Definition& definition = definitions.emplace_back();
    definition.subject = subject;
    definition.name = name;
    definition.nameSpan = nameSpan;
    definition.statement = construct;
    definition.isRefused = statement.isBroken;
    merge(definition, entries, false);
    if (subject == Subject::job)
        noteMember(static_cast<Index>(definitions.size() - 1));
}

/// Attributes that may stand several times: each one counts.
static bool isRepeatable(Entry const& entry, Subject subject) {
    switch (entry.row->id) {
    case Attr::job_envvars:
    case Attr::job_notification_emailaddress:
    case Attr::job_sp_arg:
    case Attr::extendedCalendar_condition:
    case Attr::row:
    case Attr::prefixed:
    case Attr::unknown: return true;
    default:
        return subject == Subject::machine || subject == Subject::cycle ||
               subject == Subject::monitor;
    }
}

/// What the new entries replace: linear in both, however many there are.
void Fold::dropSuperseded(Definition& definition, llvm::ArrayRef<Entry> entries) {
    std::bitset<attributeCount> rows;
    llvm::StringSet<> keys; // rows that stand for many attributes are told apart by key
    for (Entry const& entry : entries)
        if (entry.row->id < Attr::prefixed)
            rows.set(static_cast<size_t>(entry.row->id));
        else
            keys.insert(entry.key.lower());
    std::erase_if(definition.entries, [&](Entry const& old) {
        bool const isGone = old.row->id < Attr::prefixed
                                ? rows.test(static_cast<size_t>(old.row->id))
                                : keys.contains(old.key.lower());
        if (isGone)
            estate.constructs.settle(old.construct, Fidelity::exact, "superseded");
        return isGone;
    });
}

void Fold::merge(Definition& definition, llvm::ArrayRef<Entry> entries, bool isUpdate) {
    if (isUpdate)
        dropSuperseded(definition, entries);
    std::array<uint32_t, attributeCount> place; // of an attribute given in this statement, plus one
    place.fill(0);
    if (definition.entries.empty())
        definition.entries.reserve(entries.size());
    for (Entry const& entry : entries) {
        uint32_t& seen = place[static_cast<size_t>(entry.row->id)];
        if (seen > 0 && !isRepeatable(entry, definition.subject)) {
            Entry& first = definition.entries[seen - 1];
            diags
                .report<Code::RepeatedAttribute>(estate.constructs.span(entry.construct), entry.key)
                .object(definition.name)
                .label(estate.constructs.span(first.construct), "this one is ignored");
            estate.constructs.settle(first.construct, Fidelity::exact, "superseded");
            first = entry;
        } else {
            definition.entries.push_back(entry);
            seen = static_cast<uint32_t>(definition.entries.size());
        }
    }
    // An empty value resets (JIL-031), and so does NULL in an update.
    std::erase_if(definition.entries, [&](Entry const& entry) {
        bool const resets =
            entry.value.empty() || (isUpdate && (entry.value == "NULL" || entry.value == "\"\""));
        if (resets)
            estate.constructs.settle(entry.construct, Fidelity::exact, "reset");
        return resets;
    });
}

llvm::StringRef Fold::boxOf(Definition const& definition) {
    for (Entry const& entry : definition.entries)
        if (entry.row->id == Attr::job_box_name)
            return plainText(entry.value, estate);
    return {};
}

void Fold::noteMember(Index index) {
    if (!knowsMembers)
        return;
    if (llvm::StringRef const box = boxOf(definitions[index]); !box.empty())
        members[box].push_back(index);
}

void Fold::learnMembers() {
    if (knowsMembers)
        return;
    knowsMembers = true;
    for (size_t i = 0; i < definitions.size(); ++i)
        if (definitions[i].isAlive && definitions[i].subject == Subject::job)
            noteMember(static_cast<Index>(i));
}

/// JIL-032: members of a deleted box become stand-alone; JIL-033: `delete_box` deletes them too, at
/// any depth.
void Fold::remove(Definition& first, ir::ConstructId construct, bool withMembers) {
    estate.constructs.settle(construct, Fidelity::exact, "folded");
    if (first.subject == Subject::job)
        learnMembers();
    std::vector<Index> work{static_cast<Index>(&first - definitions.data())};
    while (!work.empty()) {
        Definition& gone = definitions[work.back()];
        work.pop_back();
        if (!gone.isAlive)
            continue;
        gone.isAlive = false;
        namesOf(gone.subject).erase(gone.name);
        estate.constructs.settle(gone.statement, Fidelity::exact, "deleted");
        settleAll(gone.entries, Fidelity::exact, "deleted");
        if (gone.subject != Subject::job)
            continue;
        auto const it = members.find(gone.name);
        if (it == members.end())
            continue;
        for (Index const index : it->second) {
            Definition& member = definitions[index];
            if (!member.isAlive || boxOf(member) != gone.name)
                continue;
            if (withMembers) {
                work.push_back(index);
                continue;
            }
            std::erase_if(member.entries, [&](Entry const& entry) {
                if (entry.row->id != Attr::job_box_name)
                    return false;
                estate.constructs.settle(entry.construct, Fidelity::exact, "box deleted");
                return true;
            });
        }
        members.erase(it);
    }
}

void Fold::rename(llvm::StringRef name, ir::ConstructId construct,
                  std::vector<Entry> const& entries) {
    Definition* const definition = find(Subject::job, name);
    llvm::StringRef target;
    for (Entry const& entry : entries)
        if (entry.row->id == Attr::job_new_name)
            target = plainText(entry.value, estate);
    if (target.empty()) {
        diags
            .report<Code::MissingAttribute>(estate.constructs.span(construct), "`rename_job`",
                                            "new_name")
            .object(name);
        definition->isRefused = true;
    } else if (Definition const* taken = find(Subject::job, target)) {
        diags
            .report<Code::DuplicateObject>(estate.constructs.span(construct),
                                           toString(Subject::job), target)
            .object(target)
            .label(taken->nameSpan, "first inserted here");
        target = {};
    }
    Fidelity const fate = target.empty() ? Fidelity::refused : Fidelity::exact;
    estate.constructs.settle(construct, fate, "folded");
    settleAll(entries, fate, "folded");
    definition->statements.push_back(construct);
    if (target.empty())
        return;
    auto& map = namesOf(Subject::job);
    map[target] = static_cast<Index>(definition - definitions.data());
    map.erase(name);
    definition->name = target;
    // Membership is by the box's identity: its members follow it.
    learnMembers();
    auto const box = members.find(name);
    if (box == members.end())
        return;
    llvm::SmallVector<Index, 4> const moved = std::move(box->second);
    members.erase(box);
    for (Index const index : moved) {
        if (!definitions[index].isAlive || boxOf(definitions[index]) != name)
            continue;
        for (Entry& entry : definitions[index].entries)
            if (entry.row->id == Attr::job_box_name)
                entry.value = target;
        members[target].push_back(index);
    }
}

} // namespace hoist::jil
