// Builds estates by hand, for tests below the front ends: jobs, boxes, conditions, schedules with
// real spans.
#pragma once

#include "frontend/ir/Estate.h"

#include <initializer_list>
#include <string>
#include <utility>

namespace hoist::test {

/// Every definition gets a span of its own in one made-up file, so that findings and labels can be
/// told apart.
class EstateBuilder {
public:
    EstateBuilder() { file = *estate.sources.add("made-up.jil", std::string(fileSize, ' ')); }

    ir::Estate estate;

    Span nextSpan() {
        if (offset + 16 > fileSize) {
            file = *estate.sources.add("made-up-more.jil", std::string(fileSize, ' '));
            offset = 0;
        }
        Span const span = estate.sources.span(file, offset, offset + 8);
        offset += 16;
        return span;
    }
    ir::ConstructId construct(llvm::StringRef kind, ir::JobId owner = {}) {
        return estate.constructs.add(nextSpan(), kind, owner);
    }
    template <class T, class V>
    void set(ir::Sourced<T>& target, V value) {
        target.set(T(std::move(value)), construct("attribute"));
    }

    ir::JobId job(llvm::StringRef name, llvm::StringRef box = "") {
        ir::JobId const id = estate.jobs.add();
        ir::Job& made = estate.jobs[id];
        made.name = estate.save(name);
        made.nameSpan = nextSpan();
        made.origin = made.nameSpan;
        made.statement = construct("statement", id);
        if (!box.empty())
            set(made.boxName, estate.save(box));
        ir::CommandAction action;
        set(action.command, llvm::StringRef("true"));
        made.action = action;
        return id;
    }
    ir::JobId box(llvm::StringRef name, llvm::StringRef parent = "") {
        ir::JobId const id = job(name, parent);
        ir::GroupId const group = estate.groups.add();
        estate.groups[group].self = id;
        estate.jobs[id].group = group;
        estate.jobs[id].action = ir::GroupAction{};
        return id;
    }
    ir::Job& operator[](ir::JobId id) { return estate.jobs[id]; }
    ir::Group& group(ir::JobId id) { return estate.groups[estate.jobs[id].group]; }

    ir::ExprId status(ir::Outcomes outcomes, llvm::StringRef name, ir::Scope scope = {}) {
        ir::Atom atom;
        atom.outcomes = outcomes;
        atom.name = estate.save(name);
        atom.scope = scope;
        return estate.conditions.atom(atom);
    }
    ir::ExprId s(llvm::StringRef name) { return status(ir::succeeded, name); }
    ir::ExprId f(llvm::StringRef name) { return status(ir::failed, name); }
    ir::ExprId t(llvm::StringRef name) { return status(ir::terminated, name); }
    ir::ExprId d(llvm::StringRef name) { return status(ir::done, name); }
    ir::ExprId n(llvm::StringRef name) { return status(ir::notRunning, name); }
    ir::ExprId e(llvm::StringRef name, ir::Compare op, int64_t code) {
        ir::Atom atom;
        atom.kind = ir::Atom::Kind::exitCode;
        atom.name = estate.save(name);
        atom.op = op;
        atom.number = code;
        return estate.conditions.atom(atom);
    }
    ir::ExprId v(llvm::StringRef name, ir::Compare op, llvm::StringRef text) {
        ir::Atom atom;
        atom.kind = ir::Atom::Kind::variable;
        atom.name = estate.save(name);
        atom.op = op;
        atom.text = estate.save(text);
        return estate.conditions.atom(atom);
    }
    ir::ExprId all(std::initializer_list<ir::ExprId> operands) {
        return estate.conditions.all(llvm::ArrayRef(operands.begin(), operands.size()));
    }
    ir::ExprId any(std::initializer_list<ir::ExprId> operands) {
        return estate.conditions.any(llvm::ArrayRef(operands.begin(), operands.size()));
    }

    /// A condition as if written: each distinct atom is used once, at a span of its own.
    ir::ConditionRef written(ir::ExprId expr) {
        ir::ConditionRef condition;
        condition.expr = expr;
        condition.from = construct("attribute condition");
        condition.span = estate.constructs.span(condition.from);
        estate.conditions.forEachAtom(expr, [&](ir::AtomId atom) {
            ir::ConstructId const use = construct("condition");
            Span const at = estate.constructs.span(use);
            condition.uses.push_back({atom, at, at, use});
        });
        return condition;
    }
    void condition(ir::JobId id, ir::ExprId expr) { estate.jobs[id].condition = written(expr); }

    /// Every day at the given minutes of the day.
    ir::Schedule& daily(ir::JobId id, std::initializer_list<int16_t> minutesOfDay) {
        ir::ScheduleId const scheduleId = estate.schedules.add();
        ir::Schedule& schedule = estate.schedules[scheduleId];
        schedule.origin = nextSpan();
        schedule.master = construct("attribute date_conditions", id);
        schedule.weekdays.set(0x7f, construct("attribute days_of_week", id));
        schedule.times.set(llvm::SmallVector<int16_t, 2>(minutesOfDay),
                           construct("attribute start_times", id));
        estate.jobs[id].schedule = scheduleId;
        return schedule;
    }

private:
    static constexpr uint32_t fileSize = 1 << 24;
    FileId file;
    uint32_t offset = 0;
};

} // namespace hoist::test
