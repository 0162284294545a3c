// Stand-ins, mirrors and retirements as JIL, with their undo; what crosses as lists of names.
#include "analysis/migration/Bridges.h"

#include "frontend/base/Patch.h"
#include "frontend/base/Shell.h"
#include "frontend/ir/TargetName.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSet.h>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

namespace hoist::migration {
namespace {

using diag::Code;
using Role = JobChange::Role;

/// What starts a job or belongs to its box; without them it starts by an operator's event only.
constexpr llvm::StringLiteral starting[] = {
    "box_name",    "condition",      "date_conditions", "days_of_week",     "run_calendar",
    "start_times", "start_mins",     "run_window",      "timezone",         "exclude_calendar",
    "auto_hold",   "box_terminator", "job_terminator",  "must_start_times", "must_complete_times"};
/// What must not happen around `hoistctl wait`: another attempt, a second kill, units taken, a file
/// of the job truncated or written to.
constexpr llvm::StringLiteral acting[] = {"command",     "n_retrys",     "term_run_time",
                                          "resources",   "job_load",     "chk_files",
                                          "std_in_file", "std_out_file", "std_err_file"};

/// JIL-050; others cannot stand in JIL, in a shell's line and in AutoSys's log alike.
bool isWritable(llvm::StringRef name) {
    return !name.empty() && name.size() <= 64 && llvm::all_of(name, [](char c) {
        return llvm::isAlnum(c) || llvm::StringRef("._-:#").contains(c);
    });
}

/// A writable name as the value of a JIL keyword (JIL-012).
std::string jilName(llvm::StringRef name) {
    std::string out;
    for (char const c : name)
        out += c == ':' ? std::string("\\:") : std::string(1, c);
    return out;
}

bool inRange(llvm::ArrayRef<ir::CodeRange> ranges, int64_t code) {
    return llvm::any_of(
        ranges, [&](ir::CodeRange range) { return range.from <= code && code <= range.to; });
}

/// JIL-057.
bool isSuccess(ir::ExitRule const& rule, int64_t code) {
    switch (rule.kind) {
    case ir::ExitRule::Kind::max: return code <= rule.max;
    case ir::ExitRule::Kind::success: return inRange(rule.codes, code);
    case ir::ExitRule::Kind::fail: return !inRange(rule.codes, code);
    case ir::ExitRule::Kind::any: return true;
    }
    return true;
}

/// The first exit code that the job's own rule calls so.
std::optional<int64_t> codeFor(ir::ExitRule const& rule, bool success) {
    for (int64_t code = success ? 0 : 1; code < 256; ++code)
        if (isSuccess(rule, code) == success)
            return code;
    return std::nullopt;
}

std::string sentence(llvm::StringRef name) {
    llvm::SmallString<80> safe;
    for (char const c : name.take_front(80))
        safe += llvm::isAlnum(c) || llvm::StringRef(" ._-").contains(c) ? c : '_';
    return std::string(safe);
}

class Builder {
public:
    Builder(ir::Estate const& model, Plan const& waves, llvm::ArrayRef<Dependency> every)
        : estate(model), plan(waves), all(every) {
        for (ir::ConstructId const id : estate.constructs.ids()) {
            ir::Construct const& construct = estate.constructs[id];
            llvm::StringRef key = estate.constructs.text(construct.kind);
            if (construct.owner && key.consume_front("attribute "))
                attributes[construct.owner.value].push_back({key, construct.span});
        }
        for (ir::Job const& job : estate.jobs) // one-shot changes are no part of the definition
            for (ir::KeptAttribute const& kept : job.kept)
                if (kept.key.starts_with("override_job "))
                    overrides.insert(estate.constructs.span(kept.construct).begin);
        for (size_t i = 0; i < all.size(); ++i)
            if (all[i].at == Producer::shared || all[i].kind == DependencyKind::variable)
                sharers[{static_cast<int>(all[i].kind), all[i].object}].push_back(i);
    }

    std::vector<WaveBridges> run() {
        for (uint32_t wave = 0; wave < plan.waves.size(); ++wave) {
            WaveBridges& made = result.emplace_back();
            cross(wave, made);
            share(wave, made);
            change(wave, made);
        }
        return std::move(result);
    }

private:
    struct Attribute {
        llvm::StringRef key;
        Span span; ///< key and value
    };

    /// What has no DAG stays, whatever wave the plan has for it.
    uint32_t waveOf(ir::WorkflowId workflow) const {
        return workflow && !estate.workflows[workflow].refused &&
                       workflow.value < plan.placements.size()
                   ? plan.placements[workflow.value].wave
                   : UINT32_MAX;
    }
    bool hasMoved(ir::WorkflowId workflow, uint32_t wave) const { return waveOf(workflow) <= wave; }

    llvm::StringRef nameOf(ir::JobId job) const { return estate.jobs[job].name; }

    /// AutoSys's `CMD`, whose program is its command: not a user's job type (JIL-041).
    bool isCommand(ir::JobId id) const {
        ir::Job const& job = estate.jobs[id];
        auto const* const action = std::get_if<ir::CommandAction>(&job.action);
        if (!action || job.dialect != ir::Dialect::jil)
            return false;
        return !action->shell ||
               estate.constructs.text(estate.constructs[action->shell.from].kind) !=
                   "attribute job_type";
    }

    std::vector<Attribute> const& of(ir::JobId job) const {
        static std::vector<Attribute> const none;
        auto const it = attributes.find(job.value);
        return it == attributes.end() ? none : it->second;
    }

    /// A variable of Control-M's server (CTM-100): neither AutoSys nor the bridge knows it.
    bool isOfControlm(Dependency const& each) const {
        return each.kind == DependencyKind::variable &&
               estate.jobs[each.consumer].dialect == ir::Dialect::controlm;
    }

    void notBridged(WaveBridges& made, Code code, llvm::StringRef object, llvm::StringRef to,
                    llvm::StringRef from, Span where, Span other) {
        // What is shared has one finding for all its users.
        bool const isShared = code == Code::ResourceNotBridged || code == Code::LoadNotBridged;
        std::string const key =
            isShared ? std::string() : fmt::format("{}\n{}", to.str(), from.str());
        if (told.insert(fmt::format("{}\n{}\n{}", static_cast<int>(code), object.str(), key))
                .second)
            made.notBridged.push_back({code, object.str(), to.str(), from.str(), where, other});
    }

    /// What jobs say of each other.
    void cross(uint32_t wave, WaveBridges& made) {
        std::set<std::string> in;
        needed.clear();
        for (Dependency const& each : all) {
            bool const consumerMoved = hasMoved(each.to, wave);
            bool const isCondition = each.kind == DependencyKind::status ||
                                     each.kind == DependencyKind::exclusion ||
                                     each.kind == DependencyKind::exitCode;
            Span const where = estate.constructs.span(each.evidence);
            if (each.at == Producer::outside && isCondition && consumerMoved &&
                llvm::StringRef(each.object).contains('^'))
                notBridged(made, Code::InstanceNotBridged, each.object, nameOf(each.consumer), "",
                           where, {});
            if (each.at != Producer::job || !each.producer || !each.to)
                continue;
            bool const producerMoved = hasMoved(each.from, wave);
            llvm::StringRef const from = nameOf(each.producer), to = nameOf(each.consumer);
            if (isOfControlm(each)) {
                if (producerMoved != consumerMoved)
                    notBridged(made, Code::VariableNotBridged, each.object, to, from, where,
                               estate.constructs.span(each.written));
                continue;
            }
            Span const producer = estate.jobs[each.producer].nameSpan;
            auto const tell = [&](Code code) {
                notBridged(made, code, from, to, from, where, producer);
            };
            bool const isForced = each.kind == DependencyKind::event &&
                                  estate.jobs[each.producer].dialect == ir::Dialect::controlm;
            if (isForced) { // CTM-077
                if (producerMoved != consumerMoved)
                    notBridged(made, Code::ForcedOrderNotBridged, from, to, from, where,
                               estate.jobs[each.consumer].nameSpan);
                continue;
            }
            if (each.kind == DependencyKind::event && consumerMoved) {
                notBridged(made, Code::EventNotBridged, from, to, from, where,
                           estate.jobs[each.consumer].nameSpan);
                continue;
            }
            if (each.kind == DependencyKind::fact && producerMoved != consumerMoved)
                notBridged(made, Code::FactNotBridged, each.object, to, from, where,
                           estate.constructs.span(each.written));
            if (producerMoved == consumerMoved || !isCondition)
                continue;
            // AutoSys knows the one by another name, and Control-M's log is not read.
            if (estate.jobs[each.producer].dialect == ir::Dialect::controlm) {
                tell(Code::OrderNotBridged);
                continue;
            }
            if (!producerMoved) {
                in.insert(from.str());
                continue;
            }
            if (!isWritable(from)) {
                tell(Code::NameNotBridged);
                continue;
            }
            if (each.kind == DependencyKind::exitCode && !isCommand(each.producer))
                tell(Code::ExitCodeNotBridged);
            else if (each.kind == DependencyKind::exitCode && estate.jobs[each.producer].box)
                tell(Code::ExitCodeKeptTooLong);
            needed.insert(each.producer.value);
        }
        made.jobsIn.assign(in.begin(), in.end());
        for (uint32_t const job : needed)
            (isCommand(ir::JobId(job)) ? made.standIns : made.mirrored)
                .push_back(nameOf(ir::JobId(job)).str());
    }

    /// Variables, resources and loads: what has users on both sides.
    void share(uint32_t wave, WaveBridges& made) {
        for (auto const& [what, uses] : sharers) {
            Dependency const* moved = nullptr;
            Dependency const* legacy = nullptr;
            bool isSetByMoved = false, isSetElsewhere = false;
            for (size_t const i : uses) {
                if (auto& user = hasMoved(all[i].to, wave) ? moved : legacy; !user)
                    user = &all[i];
                bool const byJob = all[i].at == Producer::job;
                isSetByMoved |= byJob && hasMoved(all[i].from, wave);
                isSetElsewhere |= !byJob || !hasMoved(all[i].from, wave);
            }
            auto const kind = static_cast<DependencyKind>(what.first);
            Dependency const& any = all[uses.front()];
            if (isOfControlm(any)) { // of a crowd; pairs were told, and constants need no bridge
                if (moved && legacy && any.at == Producer::shared && any.strength == Strength::hard)
                    notBridged(made, Code::VariableNotBridged, what.second,
                               nameOf(legacy->consumer), nameOf(moved->consumer),
                               estate.constructs.span(legacy->evidence),
                               estate.constructs.span(moved->evidence));
            } else if (kind == DependencyKind::variable) {
                if (moved) // commands and operators still set it in AutoSys
                    made.variablesIn.push_back(what.second);
                if (legacy && (isSetByMoved || (moved && isSetElsewhere)))
                    made.variablesOut.push_back(what.second);
            } else if (moved && legacy &&
                       (kind == DependencyKind::resource || kind == DependencyKind::load)) {
                notBridged(made,
                           kind == DependencyKind::resource ? Code::ResourceNotBridged
                                                            : Code::LoadNotBridged,
                           what.second, nameOf(legacy->consumer), nameOf(moved->consumer),
                           estate.constructs.span(legacy->evidence),
                           estate.constructs.span(moved->evidence));
            }
        }
    }

    /// The definitions of the workflows that this wave moves.
    void change(uint32_t wave, WaveBridges& made) {
        std::map<uint32_t, std::set<uint32_t>> linesOf; // file → lines of crontab entries
        for (ir::WorkflowId const id : estate.workflows.ids()) {
            if (waveOf(id) != wave)
                continue;
            ir::Workflow const& workflow = estate.workflows[id];
            if (workflow.dialect == ir::Dialect::cron) {
                Span const where = estate.jobs[workflow.root].origin;
                if (where.isValid()) {
                    linesOf[estate.sources.fileOf(where).value].insert(
                        estate.sources.start(where).line);
                    made.entries.push_back(id);
                }
                continue;
            }
            if (workflow.dialect != ir::Dialect::jil)
                continue;
            for (ir::JobId const job : workflow.jobs) {
                bool const isNeeded = needed.contains(job.value);
                ir::JobId const box = estate.jobs[job].box;
                bool const isInMirror = box && needed.contains(box.value);
                if (isNeeded || isInMirror || job == workflow.root)
                    write(made, job, id,
                          !isNeeded        ? Role::retired
                          : isCommand(job) ? Role::standIn
                                           : Role::mirrored);
            }
        }
        for (auto const& [file, lines] : linesOf)
            made.crontabs += withoutLines(FileId(file), lines);
        if (!made.apply.empty()) {
            std::string const name = sentence(plan.waves[wave].name);
            made.apply = fmt::format("# Wave {}: what AutoSys no longer starts, and what stands in "
                                     "for it. undo.jil takes it back.\n",
                                     name) +
                         made.apply;
            made.undo =
                fmt::format("# Wave {}: every definition that apply.jil changed, as it was.\n",
                            name) +
                made.undo;
        }
    }

    void write(WaveBridges& made, ir::JobId id, ir::WorkflowId workflow, Role role) {
        ir::Job const& job = estate.jobs[id];
        if (!isWritable(job.name)) {
            notBridged(made, Code::NameNotBridged, job.name, job.name, job.name, job.nameSpan, {});
            return;
        }
        std::string apply, undo;
        llvm::StringSet<> reset;
        bool const acts = role == Role::standIn;
        for (Attribute const& attribute : of(id)) {
            bool const isStart = llvm::is_contained(starting, attribute.key);
            if ((!isStart && !(acts && llvm::is_contained(acting, attribute.key))) ||
                overrides.contains(attribute.span.begin))
                continue;
            if (reset.insert(attribute.key).second && attribute.key != "command")
                apply += fmt::format("{}:\n", attribute.key.str()); // JIL-031: empty resets
            undo += estate.sources.text(attribute.span).str() + "\n";
        }
        if (acts) {
            apply += "command: " + command(job) + "\n";
            if (!reset.contains("command"))
                undo += "command:\n";
        }
        made.changes.push_back({role, id, workflow});
        if (apply.empty())
            return; // nothing starts it but an operator
        made.apply +=
            fmt::format("\n# {}\nupdate_job: {}\n", toString(role).str(), jilName(job.name)) +
            apply;
        made.undo += fmt::format("\nupdate_job: {}\n", jilName(job.name)) + undo;
    }

    /// The line of a stand-in. `exec`: the shell would turn death by a signal into an exit code
    /// (JIL-058); Windows has neither.
    std::string command(ir::Job const& job) const {
        bool isWindows = false;
        if (job.machines)
            for (llvm::StringRef const name : *job.machines)
                if (auto const it = estate.machineByName.find(name);
                    it != estate.machineByName.end())
                    isWindows |= estate.machines[it->second].type.equals_insensitive("n");
        std::string line =
            (isWindows ? "hoistctl wait " : "exec hoistctl wait ") + shellOption("-J", job.name);
        if (auto const code = codeFor(job.exitRule, true); code && *code != 0)
            line += fmt::format(" --success {}", *code);
        if (auto const code = codeFor(job.exitRule, false); code && *code != 1)
            line += fmt::format(" --failure {}", *code);
        return line;
    }

    std::string withoutLines(FileId file, std::set<uint32_t> const& lines) const {
        llvm::StringRef const before = estate.sources.bytes(file);
        std::string after;
        uint32_t number = 1;
        for (size_t at = 0; at < before.size(); ++number) {
            size_t const end = std::min(before.find('\n', at), before.size() - 1) + 1;
            if (lines.contains(number))
                after += "# moved to Airflow: ";
            after += before.slice(at, end);
            at = end;
        }
        llvm::StringRef const path = estate.sources.path(file);
        return unifiedDiff(path, path, before, after);
    }

    ir::Estate const& estate;
    Plan const& plan;
    llvm::ArrayRef<Dependency> all;
    llvm::DenseMap<uint32_t, std::vector<Attribute>> attributes;        ///< by job, those in force
    llvm::DenseSet<uint32_t> overrides;                                 ///< where their spans begin
    std::map<std::pair<int, std::string>, std::vector<size_t>> sharers; ///< by kind and object
    std::set<uint32_t> needed;  ///< moved jobs that the legacy side still waits for
    std::set<std::string> told; ///< of what no bridge carries
    std::vector<WaveBridges> result;
};

} // namespace

llvm::StringRef toString(Role role) {
    switch (role) {
    case Role::standIn: return "stand-in";
    case Role::mirrored: return "mirrored";
    case Role::retired: return "retired";
    }
    return "";
}

std::vector<WaveBridges> bridges(ir::Estate const& estate, Plan const& plan,
                                 llvm::ArrayRef<Dependency> all) {
    return Builder(estate, plan, all).run();
}

std::vector<std::pair<std::string, std::string>> filesOf(WaveBridges const& bridges,
                                                         std::string const& wave) {
    std::vector<std::pair<std::string, std::string>> files;
    auto const add = [&](char const* name, std::string const& bytes) {
        if (!bytes.empty())
            files.emplace_back(name, bytes);
    };
    add("apply.jil", bridges.apply);
    add("undo.jil", bridges.undo);
    add("crontab.patch", bridges.crontabs);
    nlohmann::ordered_json const list{
        {"format", 1},
        {"wave", wave},
        {"to_legacy",
         {{"stand_ins", bridges.standIns},
          {"mirrored", bridges.mirrored},
          {"variables", bridges.variablesOut}}},
        {"to_ledger", {{"jobs", bridges.jobsIn}, {"variables", bridges.variablesIn}}}};
    add("bridges.json",
        list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    return files;
}

std::string folderOf(Plan const& plan, size_t wave) {
    return fmt::format("{:02}-{}", wave + 1, ir::airflowId(plan.waves[wave].name));
}

} // namespace hoist::migration
