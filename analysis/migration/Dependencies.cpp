// Two rounds over the jobs. The first notes who produces what: files, globals, events; and who
// shares what. The second goes by consumer and joins each use with its producers by name, so the
// work is linear in the estate and in the pairs that exist.
//
// Pairs of one object can be many: a thousand jobs that set a global which a thousand others read
// are a million. Above `crowd` pairs the object is reported as shared, once per job.
//
// What a command writes by itself is weaker than an output of the job: the shell may leave before
// it comes to it. So is what a text may read.
//
// Paths are compared as text, after known globals and the job's own name are filled in: what a
// shell would still change is no path that could be matched.
#include "analysis/migration/Dependencies.h"

#include "analysis/Globals.h"
#include "analysis/ServerVariables.h"
#include "analysis/migration/WrittenFiles.h"
#include "frontend/base/Glob.h"
#include "frontend/ir/ForcedOrders.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringSet.h>

#include <map>
#include <variant>

namespace hoist::migration {
namespace {

constexpr size_t crowd = 65536;

/// One end of a file, a global or an event: the job and its attribute.
struct End {
    ir::JobId job;
    ir::ConstructId construct;
    bool isWeak = false; ///< the shell may not come to it
};

class Finder {
public:
    explicit Finder(ir::Estate const& model) : estate(model), forced(model), shared(model) {
        for (ir::Variable const& variable : estate.variables)
            values[variable.name] = variable.value;
    }

    std::vector<Dependency> run() {
        for (ir::JobId id : estate.jobs.ids())
            noteProducts(id);
        for (ir::JobId id : estate.jobs.ids())
            noteUses(id);
        for (ir::JobId id : estate.jobs.ids())
            consume(id);
        return std::move(found);
    }

private:
    /// JIL-055 (`>`, `>>` in front), JIL-162, and the variables that hold the job's own name.
    /// Empty for a path that only a shell knows, and for devices, which keep nothing.
    std::string pathOf(ir::Job const& job, llvm::StringRef text) const {
        text = text.ltrim("> \t").rtrim();
        text = text.size() > 1 && text.front() == '"' && text.back() == '"'
                   ? text.drop_front().drop_back()
                   : text;
        std::string path;
        while (!text.empty()) {
            size_t const at = text.find_first_of("$%");
            path += text.take_front(at).str();
            if (at == llvm::StringRef::npos)
                break;
            text = text.drop_front(at);
            if (text.consume_front("$AUTO_JOB_NAME") || text.consume_front("${AUTO_JOB_NAME}") ||
                text.consume_front("%AUTO_JOB_NAME%")) {
                path += job.name.str();
            } else if (text.starts_with("$$")) {
                // A global of unknown value stays as written: equal texts are still equal paths.
                auto const [name, size] = analysis::globalAtFront(text);
                if (name.empty())
                    return {};
                auto const it = values.find(name);
                path += it == values.end() ? text.take_front(size).str() : it->second.str();
                text = text.drop_front(size);
            } else if (text.front() == '%') {
                path += '%';
                text = text.drop_front();
            } else {
                return {}; // of the shell
            }
        }
        if (llvm::StringRef(path).starts_with("/dev/") ||
            llvm::StringRef(path).equals_insensitive("nul") || path.find('`') != std::string::npos)
            return {};
        return path;
    }

    /// Which file a transfer leaves; of a pattern nobody knows the names.
    struct Moved {
        ir::Sourced<llvm::StringRef> const* source = nullptr;
        ir::Sourced<llvm::StringRef> const* target = nullptr; ///< null: not known
        std::string path;
    };
    static Moved movedBy(ir::TransferAction::File const& file) {
        Moved moved;
        moved.source = file.isUpload ? &file.left : &file.right;
        auto const& target = file.isUpload ? file.right : file.left;
        bool const isOne = moved.source->value.find_first_of("*?") == llvm::StringRef::npos;
        if (!target || !isOne)
            return moved;
        moved.target = &target;
        moved.path = target->str();
        if (target->ends_with("/"))
            moved.path += moved.source->value.rsplit('/').second.str();
        return moved;
    }

    void noteProducts(ir::JobId id) {
        ir::Job const& job = estate.jobs[id];
        noteForced(id);
        for (analysis::ServerVariableUse const& set : analysis::serverVariablesSet(estate, id))
            setters[set.key].push_back({id, set.construct});
        for (ir::FactChange const& change : job.factChanges)
            if (change.adds)
                if (auto& ends = adders[change.name]; ends.empty() || ends.back().job != id)
                    ends.push_back({id, change.construct});
        if (auto const* const transfer = std::get_if<ir::TransferAction>(&job.action))
            for (ir::TransferAction::File const& file : transfer->files)
                if (Moved const moved = movedBy(file); moved.target && file.isKnown)
                    noteWritten(id, moved.path, moved.target->from, /*isWeak=*/true);
        auto const* const action = std::get_if<ir::CommandAction>(&job.action);
        if (!action)
            return;
        for (auto const* file : {&action->stdoutFile, &action->stderrFile})
            if (*file)
                noteWritten(id, **file, file->from);
        forEachWrittenFile(*action->command, [&](llvm::StringRef path) {
            if (job.dialect == ir::Dialect::jil || !path.contains('$')) // else the process's number
                noteWritten(id, path, action->command.from, /*isWeak=*/true);
        });
        llvm::StringSet<> once;
        analysis::forEachGlobalSet(*action->command, [&](llvm::StringRef name) {
            if (!name.empty() && once.insert(name).second)
                setters[name].push_back({id, action->command.from});
        });
        analysis::forEachEventSent(
            *action->command, [&](llvm::StringRef event, llvm::StringRef to) {
                auto const it = estate.jobByName.find(to);
                if (it != estate.jobByName.end() && it->second != id)
                    events[it->second.value].push_back({{id, action->command.from}, event.str()});
            });
    }

    /// CTM-077
    void noteForced(ir::JobId id) {
        ir::forEachForced(estate, estate.jobs[id], [&](ir::EndAction const& action) {
            for (ir::JobId const target : forced.targetsOf(ir::forcedPath(action)))
                if (target != id)
                    events[target.value].push_back({{id, action.construct}, "DOFORCEJOB"});
        });
    }

    void noteWritten(ir::JobId id, llvm::StringRef text, ir::ConstructId construct,
                     bool isWeak = false) {
        std::string const path = pathOf(estate.jobs[id], text);
        if (path.empty())
            return;
        auto& ends = writers[path];
        if (ends.empty() || ends.back().job != id) // both outputs into one file
            ends.push_back({id, construct, isWeak});
    }

    /// How many jobs use each object, for what is told of shared ones only, and for crowds.
    void noteUses(ir::JobId id) {
        ir::Job const& job = estate.jobs[id];
        for (ir::ResourceUse const& use : job.resources)
            ++users["r" + use.name.str()];
        if (countsLoad(job))
            ++users["l" + job.machines->front().str()];
        if (job.schedule)
            for (auto const* name : {&estate.schedules[job.schedule].runCalendar,
                                     &estate.schedules[job.schedule].excludeCalendar})
                if (*name)
                    ++users["c" + (*name)->str()];
        if (auto const* watch = std::get_if<ir::FileWatchAction>(&job.action); watch && watch->path)
            ++users["f" + pathOf(job, *watch->path)];
        if (auto const* const transfer = std::get_if<ir::TransferAction>(&job.action))
            for (ir::TransferAction::File const& file : transfer->files)
                ++users["f" + pathOf(job, **movedBy(file).source)];
        forEachRead(job, [&](llvm::StringRef name, ir::ConstructId) { ++users["v" + name.str()]; });
        for (analysis::ServerVariableUse const& read :
             analysis::serverVariablesRead(estate, id, shared))
            ++users["v" + read.key];
        analysis::forEachCondition(estate, id, [&](ir::ConditionRef const& condition, auto) {
            estate.conditions.forEachAtom(condition.expr, [&](ir::AtomId at) {
                ir::Atom const& atom = estate.conditions[at];
                if (atom.kind == ir::Atom::Kind::variable)
                    ++users["v" + atom.name.str()];
                else if (atom.kind == ir::Atom::Kind::fact)
                    ++users["a" + atom.name.str()];
                else if (atom.kind == ir::Atom::Kind::file)
                    ++users["f" + pathOf(job, atom.name)];
            });
        });
    }

    /// JIL-161: a job counts on a machine's load when it has a positive priority. Of one of several
    /// machines nobody knows which.
    bool countsLoad(ir::Job const& job) const {
        if (!job.load || *job.load <= 0 || !job.priority || *job.priority <= 0 || !job.machines ||
            job.machines->size() != 1)
            return false;
        auto const it = estate.machineByName.find(job.machines->front());
        return it != estate.machineByName.end() && estate.machines[it->second].maxLoad;
    }

    bool isCrowd(char kind, llvm::StringRef object, size_t producers) const {
        auto const it = users.find((llvm::Twine(kind) + object).str());
        return it != users.end() && it->second * producers > crowd;
    }

    /// Visits the globals that a job's attributes read, each once, with the attribute.
    template <class Visit>
    void forEachRead(ir::Job const& job, Visit visit) const {
        llvm::StringSet<> once;
        auto const read = [&](ir::Sourced<llvm::StringRef> const& text) {
            if (text)
                analysis::forEachGlobalRead(*text, [&](llvm::StringRef name) {
                    if (once.insert(name).second)
                        visit(name, text.from);
                });
        };
        if (job.dialect != ir::Dialect::jil)
            return; // `$$` is the shell's
        if (auto const* command = std::get_if<ir::CommandAction>(&job.action))
            for (auto const* text : {&command->command, &command->profile, &command->stdinFile,
                                     &command->stdoutFile, &command->stderrFile})
                read(*text);
        else if (auto const* watch = std::get_if<ir::FileWatchAction>(&job.action))
            read(watch->path);
    }

    Dependency& add(ir::JobId consumer, DependencyKind kind, ir::ConstructId evidence,
                    llvm::StringRef object, std::string text) {
        Dependency& made = found.emplace_back();
        made.to = estate.jobs[consumer].workflow;
        made.consumer = consumer;
        made.kind = kind;
        made.evidence = evidence;
        made.object = object.str();
        made.text = std::move(text);
        return made;
    }
    Dependency& addFrom(End producer, ir::JobId consumer, DependencyKind kind,
                        ir::ConstructId evidence, llvm::StringRef object, std::string text) {
        Dependency& made = add(consumer, kind, evidence, object, std::move(text));
        made.producer = producer.job;
        made.from = estate.jobs[producer.job].workflow;
        made.written = producer.construct;
        return made;
    }
    void addShared(ir::JobId consumer, DependencyKind kind, ir::ConstructId evidence,
                   llvm::StringRef object, std::string text, Strength strength = Strength::soft) {
        Dependency& made = add(consumer, kind, evidence, object, std::move(text));
        made.at = Producer::shared;
        made.strength = strength;
    }

    void consume(ir::JobId id) {
        ir::Job const& job = estate.jobs[id];
        analysis::forEachCondition(
            estate, id, [&](ir::ConditionRef const& condition, analysis::ConditionRole role) {
                size_t const first = found.size();
                consumeCondition(id, condition);
                for (size_t i = first; i < found.size(); ++i) {
                    found[i].inCondition = true;
                    found[i].role = role;
                }
            });
        if (auto const it = events.find(id.value); it != events.end())
            for (auto const& [end, event] : it->second)
                addFrom(end, id, DependencyKind::event, end.construct, job.name, event);
        if (job.box) {
            End const self{id, {}}, box{job.box, {}};
            if (job.boxTerminator && *job.boxTerminator)
                addFrom(self, job.box, DependencyKind::termination, job.boxTerminator.from,
                        job.name, "box_terminator");
            if (job.jobTerminator && *job.jobTerminator)
                addFrom(box, id, DependencyKind::termination, job.jobTerminator.from,
                        estate.jobs[job.box].name, "job_terminator");
        }
        if (auto const* watch = std::get_if<ir::FileWatchAction>(&job.action); watch && watch->path)
            consumeFile(id, *watch->path, watch->path.from, !watch->waitsForDeletion.value);
        if (auto const* const transfer = std::get_if<ir::TransferAction>(&job.action))
            for (ir::TransferAction::File const& file : transfer->files)
                if (auto const& source = *movedBy(file).source; source && file.isKnown)
                    consumeFile(id, *source, source.from, false);
        if (auto const* command = std::get_if<ir::CommandAction>(&job.action);
            command && command->stdinFile)
            consumeFile(id, *command->stdinFile, command->stdinFile.from, false);
        forEachRead(job, [&](llvm::StringRef name, ir::ConstructId at) {
            consumeGlobal(id, name, at, "$$" + name.str(), false);
        });
        for (analysis::ServerVariableUse const& read :
             analysis::serverVariablesRead(estate, id, shared))
            consumeGlobal(id, read.key, read.construct, read.written, false);
        consumeShared(id);
    }

    void consumeCondition(ir::JobId id, ir::ConditionRef const& condition) {
        llvm::SmallDenseSet<uint32_t, 16> seen;
        for (ir::AtomUse const& use : condition.uses)
            if (seen.insert(use.atom.value).second)
                consumeAtom(id, use.atom, use.construct);
        estate.conditions.forEachAtom(condition.expr, [&](ir::AtomId atom) {
            if (seen.insert(atom.value).second)
                consumeAtom(id, atom, condition.from);
        });
    }

    void consumeAtom(ir::JobId id, ir::AtomId atomId, ir::ConstructId at) {
        ir::Atom const& atom = estate.conditions[atomId];
        std::string text = estate.conditions.print(atom);
        switch (atom.kind) {
        case ir::Atom::Kind::status:
        case ir::Atom::Kind::exitCode: {
            auto const kind = atom.kind == ir::Atom::Kind::exitCode ? DependencyKind::exitCode
                              : atom.outcomes == ir::notRunning     ? DependencyKind::exclusion
                                                                    : DependencyKind::status;
            if (atom.job && atom.instance.empty())
                addFrom({atom.job, {}}, id, kind, at, atom.name, std::move(text));
            else
                add(id, kind, at, atom.fullName(), std::move(text)).at = Producer::outside;
            break;
        }
        case ir::Atom::Kind::variable: consumeGlobal(id, atom.name, at, text, true); break;
        case ir::Atom::Kind::fact: consumeFact(id, atom.name, at, std::move(text)); break;
        case ir::Atom::Kind::file: consumeFile(id, atom.name, at, true); break;
        case ir::Atom::Kind::resource:
            addShared(id, DependencyKind::resource, at, atom.name, std::move(text));
            break;
        case ir::Atom::Kind::time: break;
        }
    }

    /// CTM-013: a fact belongs to nobody, and any job may add it. Of which server's table stays
    /// open (CTM-017), so each that adds one of this name may be the one.
    void consumeFact(ir::JobId id, llvm::StringRef name, ir::ConstructId at, std::string text) {
        auto const it = adders.find(name);
        if (it == adders.end()) {
            add(id, DependencyKind::fact, at, name, std::move(text)).at = Producer::outside;
            return;
        }
        if (isCrowd('a', name, it->second.size()))
            return addShared(id, DependencyKind::fact, at, name, std::move(text), Strength::hard);
        for (End const& adder : it->second)
            addFrom(adder, id, DependencyKind::fact, at, name, text);
    }

    /// A condition waits for a global; a text takes its value. Of a global that no job sets a
    /// condition waits for somebody outside, and texts share a constant.
    void consumeGlobal(ir::JobId id, llvm::StringRef name, ir::ConstructId at,
                       std::string const& text, bool waits) {
        auto const it = setters.find(name);
        if (it == setters.end()) {
            if (waits)
                add(id, DependencyKind::variable, at, name, text).at = Producer::outside;
            else
                addShared(id, DependencyKind::variable, at, name, text);
            return;
        }
        if (isCrowd('v', name, it->second.size()))
            return addShared(id, DependencyKind::variable, at, name, text, Strength::hard);
        for (End const& setter : it->second)
            if (setter.job != id)
                addFrom(setter, id, DependencyKind::variable, at, name, text);
    }

    void consumeFile(ir::JobId id, llvm::StringRef text, ir::ConstructId at, bool waits) {
        std::string const path = pathOf(estate.jobs[id], text);
        if (path.empty())
            return;
        auto const join = [&](std::string const& file, std::vector<End> const& ends) {
            if (isCrowd('f', path, ends.size()))
                return addShared(id, DependencyKind::file, at, file, text.str(), Strength::hard);
            for (End const& writer : ends)
                if (writer.job != id) {
                    Dependency& made =
                        addFrom(writer, id, DependencyKind::file, at, file, text.str());
                    if (!waits || writer.isWeak || !mayShareDisk(writer.job, id))
                        made.strength = Strength::soft;
                }
        };
        if (path.find_first_of("*?") == std::string::npos) {
            if (auto const it = writers.find(path); it != writers.end())
                join(it->first, it->second);
            return;
        }
        // Only names that begin as the pattern does are tried.
        std::string const beginning = path.substr(0, path.find_first_of("*?"));
        for (auto it = writers.lower_bound(beginning);
             it != writers.end() && llvm::StringRef(it->first).starts_with(beginning); ++it)
            if (matchesGlob(path, it->first))
                join(it->first, it->second);
    }

    /// On different machines the same path is the same file only if both mount it.
    bool mayShareDisk(ir::JobId a, ir::JobId b) const {
        auto const& one = estate.jobs[a].machines;
        auto const& other = estate.jobs[b].machines;
        if (!one || !other || one->empty() || other->empty())
            return true;
        for (llvm::StringRef name : *one)
            for (llvm::StringRef otherName : *other)
                if (name.equals_insensitive(otherName))
                    return true;
        return false;
    }

    void consumeShared(ir::JobId id) {
        ir::Job const& job = estate.jobs[id];
        auto const isShared = [&](char kind, llvm::StringRef name) {
            return users.lookup((llvm::Twine(kind) + name).str()) > 1;
        };
        for (ir::ResourceUse const& use : job.resources)
            if (isShared('r', use.name))
                addShared(id, DependencyKind::resource, use.construct, use.name,
                          use.quantity < 0 ? "all units" : std::to_string(use.quantity));
        if (countsLoad(job) && isShared('l', job.machines->front()))
            addShared(id, DependencyKind::load, job.load.from, job.machines->front(),
                      std::to_string(*job.load));
        if (!job.schedule)
            return;
        ir::Schedule const& schedule = estate.schedules[job.schedule];
        for (auto const* name : {&schedule.runCalendar, &schedule.excludeCalendar})
            if (*name && isShared('c', **name))
                addShared(id, DependencyKind::calendar, name->from, **name,
                          name == &schedule.runCalendar ? "run" : "exclude");
    }

    ir::Estate const& estate;
    ir::ForcedOrders forced;
    ir::SharedVariables shared; ///< of Control-M; its names begin with `%%\`, globals' never
    llvm::StringMap<llvm::StringRef> values; ///< of globals that definitions set
    std::map<std::string, std::vector<End>, std::less<>> writers; ///< ordered: patterns walk it
    llvm::StringMap<std::vector<End>> setters, adders;            ///< of globals, of facts
    llvm::DenseMap<uint32_t, std::vector<std::pair<End, std::string>>> events; ///< by target
    llvm::StringMap<size_t> users; ///< by a letter for the kind, and the name
    std::vector<Dependency> found;
};

} // namespace

llvm::StringRef toString(DependencyKind kind) {
    switch (kind) {
    case DependencyKind::status: return "status";
    case DependencyKind::exclusion: return "exclusion";
    case DependencyKind::exitCode: return "exit_code";
    case DependencyKind::variable: return "variable";
    case DependencyKind::fact: return "fact";
    case DependencyKind::file: return "file";
    case DependencyKind::event: return "event";
    case DependencyKind::termination: return "termination";
    case DependencyKind::resource: return "resource";
    case DependencyKind::load: return "load";
    case DependencyKind::calendar: return "calendar";
    case DependencyKind::timeOrder: return "time_order";
    }
    return {};
}

llvm::StringRef toString(Strength strength) { return strength == Strength::hard ? "hard" : "soft"; }

std::vector<Dependency> dependencies(ir::Estate const& estate) { return Finder(estate).run(); }

} // namespace hoist::migration
