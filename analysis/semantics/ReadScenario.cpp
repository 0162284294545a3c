// A scenario file becomes a Scenario; every key, job and event is known or reported.
#include "analysis/semantics/ReadScenario.h"

#include "analysis/schedule/BusinessDay.h"
#include "analysis/semantics/Json.h"
#include "frontend/base/Suggest.h"
#include "frontend/ir/Calendar.h"
#include "frontend/ir/TimeZones.h"

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSet.h>

#include <fmt/format.h>

namespace hoist::semantics {

using diag::Code;
using Kind = JsonValue::Kind;

std::string isoText(int64_t instant) {
    constexpr int64_t day = 86'400;
    int64_t const number = instant >= 0 ? instant / day : (instant - day + 1) / day;
    int64_t const second = instant - number * day;
    ir::Date const date = ir::fromDayNumber(static_cast<int32_t>(number));
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", date.year, date.month, date.day,
                       second / 3600, second / 60 % 60, second % 60);
}

std::optional<int64_t> parseIso(llvm::StringRef text) {
    auto const digits = [&](size_t count) -> std::optional<int> {
        int value = 0;
        if (text.size() < count || text.take_front(count).getAsInteger(10, value) ||
            !llvm::isDigit(text[0]))
            return std::nullopt;
        text = text.drop_front(count);
        return value;
    };
    auto const year = digits(4);
    bool ok = year && text.consume_front("-");
    auto const month = ok ? digits(2) : std::nullopt;
    ok = month && text.consume_front("-");
    auto const date = ok ? digits(2) : std::nullopt;
    ok = date && (text.consume_front("T") || text.consume_front(" "));
    auto const hour = ok ? digits(2) : std::nullopt;
    ok = hour && text.consume_front(":");
    auto const minute = ok ? digits(2) : std::nullopt;
    if (!minute)
        return std::nullopt;
    int second = 0;
    if (text.consume_front(":")) {
        auto const given = digits(2);
        if (!given)
            return std::nullopt;
        second = *given;
    }
    int offset = 0;
    if (!text.consume_front("Z")) {
        int const sign = text.consume_front("+") ? 1 : text.consume_front("-") ? -1 : 0;
        auto const hours = sign ? digits(2) : std::nullopt;
        if (!hours)
            return std::nullopt;
        text.consume_front(":");
        auto const minutes = digits(2);
        if (!minutes || *hours > 23 || *minutes > 59)
            return std::nullopt;
        offset = sign * (*hours * 3600 + *minutes * 60);
    }
    ir::Date const day{*year, static_cast<uint8_t>(*month), static_cast<uint8_t>(*date)};
    if (!text.empty() || *month < 1 || *month > 12 || *date < 1 || *hour > 23 || *minute > 59 ||
        second > 59 || ir::fromDayNumber(ir::toDayNumber(day)) != day)
        return std::nullopt;
    return int64_t(ir::toDayNumber(day)) * 86'400 + *hour * 3600LL + *minute * 60LL + second -
           offset;
}

namespace {

class Reader {
public:
    Reader(FileId id, ir::Estate const& model, diag::Diagnostics& findings)
        : file(id), estate(model), diags(findings) {
        for (ir::AtomId const atom : estate.conditions.atomIds()) {
            ir::Atom const& each = estate.conditions[atom];
            bool const isJob =
                each.kind == ir::Atom::Kind::status || each.kind == ir::Atom::Kind::exitCode;
            if (isJob && !each.job)
                outside.insert(each.fullName());
        }
    }

    std::optional<Scenario> read() {
        size_t const before = diags.all().size();
        JsonError error;
        auto const root = parseJson(estate.sources, file, error);
        if (!root) {
            bad(error.span, error.text);
            return std::nullopt;
        }
        bool hasStart = false, hasEnd = false;
        object(*root, "a scenario",
               {{"format",
                 [&](auto const& v) {
                     if (v.kind != Kind::integer || v.number != 1)
                         bad(v.span, "`format` is 1 for the scenarios that this hoist reads");
                 }},
                {"start",
                 [&](auto const& v) {
                     hasStart = true;
                     instant(v, result.start);
                 }},
                {"end",
                 [&](auto const& v) {
                     hasEnd = true;
                     instant(v, result.end);
                 }},
                {"default", [&](auto const& v) { result.defaultRun = plan(v); }},
                {"jobs", [&](auto const& v) { jobs(v); }},
                {"globals",
                 [&](auto const& v) {
                     each(v, [&](auto const& key, auto const& value) {
                         text(value, result.globals[key.text]);
                     });
                 }},
                {"statuses", [&](auto const& v) { statuses(v); }},
                {"files", [&](auto const& v) { list(v, [&](auto const& one) { arrival(one); }); }},
                {"conditions",
                 [&](auto const& v) { list(v, [&](auto const& one) { storedFact(one); }); }},
                {"events", [&](auto const& v) { list(v, [&](auto const& one) { event(one); }); }},
                {"ties", [&](auto const& v) { ties(v); }}});
        if (root->kind == Kind::object && (!hasStart || !hasEnd))
            bad(root->span, "a scenario needs `start` and `end`");
        else if (diags.all().size() == before && result.end < result.start)
            bad(root->span, "`end` is before `start`");
        if (diags.all().size() != before)
            return std::nullopt;
        return std::move(result);
    }

private:
    using Member = std::function<void(JsonValue const&)>;
    using Members = std::vector<std::pair<llvm::StringRef, Member>>;

    void bad(Span span, std::string const& why, llvm::StringRef nearest = {}) {
        auto builder = diags.report<Code::BadScenario>(span, estate.sources.path(file), why);
        if (!nearest.empty())
            builder.help(fmt::format("did you mean `{}`?", nearest.str()));
    }
    void unknown(Span span, llvm::StringRef what, llvm::StringRef name,
                 llvm::ArrayRef<llvm::StringRef> known) {
        bad(span, fmt::format("unknown {} `{}`", what.str(), name.str()), nearestOf(name, known));
    }

    void object(JsonValue const& value, llvm::StringRef what, Members const& members) {
        if (value.kind != Kind::object)
            return bad(value.span, what.str() + " is an object");
        for (size_t i = 0; i < value.items.size(); ++i) {
            llvm::StringRef const key = value.keys[i].text;
            auto const it = llvm::find_if(members, [&](auto const& m) { return m.first == key; });
            if (it != members.end()) {
                it->second(value.items[i]);
                continue;
            }
            std::vector<llvm::StringRef> known;
            for (auto const& member : members)
                known.push_back(member.first);
            unknown(value.keys[i].span, "key", key, known);
        }
    }
    void each(JsonValue const& value,
              llvm::function_ref<void(JsonValue::Key const&, JsonValue const&)> visit) {
        if (value.kind != Kind::object)
            return bad(value.span, "an object is needed here");
        for (size_t i = 0; i < value.items.size(); ++i)
            visit(value.keys[i], value.items[i]);
    }
    void list(JsonValue const& value, llvm::function_ref<void(JsonValue const&)> visit) {
        if (value.kind != Kind::array)
            return bad(value.span, "a list is needed here");
        for (JsonValue const& item : value.items)
            visit(item);
    }

    bool instant(JsonValue const& value, int64_t& target) {
        auto const parsed =
            value.kind == Kind::string ? parseIso(value.text) : std::optional<int64_t>();
        if (!parsed) {
            bad(value.span, "a time is written `2026-03-02T06:00:00Z`, or with an offset");
            return false;
        }
        target = *parsed;
        return true;
    }
    bool number(JsonValue const& value, int64_t& target, int64_t least) {
        if (value.kind != Kind::integer || value.number < least || value.number > INT32_MAX) {
            bad(value.span, least < 0 ? "a whole number is needed here"
                                      : "a whole number from 0 is needed here");
            return false;
        }
        target = value.number;
        return true;
    }
    bool text(JsonValue const& value, std::string& target) {
        if (value.kind != Kind::string) {
            bad(value.span, "a string is needed here");
            return false;
        }
        target = value.text;
        return true;
    }
    void status(JsonValue const& value, Status& target) {
        std::string name;
        if (!text(value, name))
            return;
        auto const names = statusNames();
        auto const it = llvm::find(names, llvm::StringRef(name));
        if (it == names.end())
            return unknown(value.span, "status", name,
                           std::vector<llvm::StringRef>(names.begin(), names.end()));
        target = static_cast<Status>(it - names.begin());
    }

    void ties(JsonValue const& value) {
        std::string order;
        if (!text(value, order))
            return;
        result.startsInnerBoxesFirst = order == "inner-boxes-first";
        if (order != "as-events-come" && !result.startsInnerBoxesFirst)
            unknown(value.span, "order of ties", order, {"as-events-come", "inner-boxes-first"});
    }

    RunPlan plan(JsonValue const& value) {
        RunPlan made;
        made.duration = result.defaultRun.duration;
        object(value, "a run",
               {{"duration", [&](auto const& v) { number(v, made.duration, 0); }},
                {"exit_code", [&](auto const& v) { number(v, made.exitCode, INT32_MIN); }},
                {"output", [&](auto const& v) { text(v, made.output); }},
                {"terminated", [&](auto const& v) {
                     if (v.kind != Kind::boolean)
                         return bad(v.span, "true or false is needed here");
                     made.terminated = v.flag;
                 }}});
        return made;
    }

    void unknownJob(Span span, llvm::StringRef name) {
        if (!hasSuggestions)
            for (ir::Job const& job : estate.jobs)
                suggestions.add(job.name);
        hasSuggestions = true;
        bad(span, fmt::format("unknown job `{}`", name.str()), suggestions.nearest(name));
    }
    /// A job of the estate, or one that its conditions refer to outside of it.
    void knownJob(Span span, llvm::StringRef name, bool mayBeOutside) {
        if (estate.isDefined(name) ||
            (mayBeOutside && (name.contains('^') || outside.contains(name))))
            return;
        unknownJob(span, name);
    }

    void jobs(JsonValue const& value) {
        each(value, [&](JsonValue::Key const& key, JsonValue const& plans) {
            knownJob(key.span, key.text, false);
            auto& target = result.runs[key.text];
            list(plans, [&](JsonValue const& one) { target.push_back(plan(one)); });
            if (plans.kind == Kind::array && plans.items.empty())
                bad(plans.span, "at least one run is needed here");
        });
    }

    void statuses(JsonValue const& value) {
        each(value, [&](JsonValue::Key const& key, JsonValue const& row) {
            knownJob(key.span, key.text, true);
            StoredStatus& made = result.statuses[key.text];
            object(row, "a status",
                   {{"status", [&](auto const& v) { status(v, made.status); }},
                    {"at", [&](auto const& v) { instant(v, made.statusAt); }},
                    {"last_start", [&](auto const& v) { instant(v, made.lastStart); }},
                    {"last_end", [&](auto const& v) { instant(v, made.lastEnd); }},
                    {"exit_code", [&](auto const& v) {
                         int64_t code = 0;
                         if (number(v, code, INT32_MIN))
                             made.exitCode = code;
                     }}});
            // A terminal status was reached by a transition: what is not said is that instant.
            bool const isEnded = made.status == Status::success || made.status == Status::failure ||
                                 made.status == Status::terminated;
            if (isEnded && made.lastEnd < 0)
                made.lastEnd = made.statusAt;
            if (isEnded && made.statusAt < 0)
                made.statusAt = made.lastEnd;
        });
    }

    void arrival(JsonValue const& value) {
        FileArrival made;
        bool hasPath = false, hasTime = false;
        object(value, "a file",
               {{"path",
                 [&](auto const& v) {
                     hasPath = true;
                     text(v, made.path);
                 }},
                {"at",
                 [&](auto const& v) {
                     hasTime = true;
                     instant(v, made.at);
                 }},
                {"size", [&](auto const& v) {
                     if (v.kind != Kind::integer || v.number < 0)
                         return bad(v.span, "a number of bytes is needed here");
                     made.size = v.number;
                 }}});
        if (value.kind == Kind::object && (!hasPath || !hasTime))
            bad(value.span, "a file needs `path` and `at`");
        result.files.push_back(std::move(made));
    }

    /// `0302`, without a year, or a word (CTM-011, CTM-012).
    void factDate(JsonValue const& value, std::string& target, bool mayBeWord) {
        if (!text(value, target))
            return;
        unsigned number = 0;
        bool const isDay = target.size() == 4 &&
                           !llvm::StringRef(target).getAsInteger(10, number) && number / 100 >= 1 &&
                           number / 100 <= 12 && number % 100 >= 1 && number % 100 <= 31;
        if (!isDay && target != "STAT" && !(mayBeWord && (target == "ODAT" || target == "****")))
            bad(value.span, mayBeWord ? "a date is `0302`, `STAT`, `ODAT` or `****`"
                                      : "a date is `0302` or `STAT`");
    }
    void storedFact(JsonValue const& value) {
        StoredFact made;
        object(value, "a condition",
               {{"name", [&](auto const& v) { text(v, made.name); }},
                {"date", [&](auto const& v) { factDate(v, made.date, false); }}});
        if (value.kind == Kind::object && (made.name.empty() || made.date.empty()))
            bad(value.span, "a condition needs `name` and `date`");
        else
            result.facts.push_back(std::move(made));
    }

    /// The key that names the object of an event.
    static llvm::StringRef objectKey(Event::Kind kind) {
        switch (kind) {
        case Event::Kind::setGlobal:
        case Event::Kind::addCondition:
        case Event::Kind::deleteCondition: return "name";
        case Event::Kind::releaseResource: return "resource";
        case Event::Kind::machOffline:
        case Event::Kind::machOnline: return "machine";
        default: return "job";
        }
    }

    void event(JsonValue const& value) {
        Event made;
        bool hasTime = false, hasKind = false, isKnown = false, hasStatus = false, hasValue = false;
        JsonValue const* named = nullptr;
        std::string key;
        auto const name = [&](llvm::StringRef which) {
            return std::pair<llvm::StringRef, Member>(which, [&, which](JsonValue const& v) {
                if (text(v, made.object)) {
                    named = &v;
                    key = which.str();
                }
            });
        };
        object(value, "an event",
               {{"at",
                 [&](auto const& v) {
                     hasTime = true;
                     instant(v, made.at);
                 }},
                {"event",
                 [&](auto const& v) {
                     hasKind = true;
                     isKnown = kind(v, made.kind);
                 }},
                name("job"),
                name("name"),
                name("resource"),
                name("machine"),
                {"value", [&](auto const& v) { hasValue = text(v, made.value); }},
                {"date", [&](auto const& v) { factDate(v, made.value, true); }},
                {"odate",
                 [&](auto const& v) {
                     std::string date;
                     auto const day =
                         text(v, date) ? parseIso(date + "T00:00:00Z") : std::optional<int64_t>();
                     if (!day)
                         return bad(v.span, "an order date is written `2026-03-02`");
                     made.orderDate = static_cast<int32_t>(*day / 86'400);
                 }},
                {"status",
                 [&](auto const& v) {
                     status(v, made.status);
                     hasStatus = true;
                 }},
                {"exit_code", [&](auto const& v) { number(v, made.exitCode, INT32_MIN); }}});
        if (value.kind != Kind::object)
            return;
        if (!hasTime || !hasKind)
            return bad(value.span, "an event needs `at` and `event`");
        if (!isKnown)
            return;
        llvm::StringRef const wanted = objectKey(made.kind);
        bool const isRelease = made.kind == Event::Kind::releaseResource;
        std::string const what = toString(made.kind).str();
        if (!named || (key != wanted && !(isRelease && key == "job")))
            return bad(value.span, fmt::format("{} needs `{}`", what, wanted.str()));
        bool const needsStatus =
            made.kind == Event::Kind::changeStatus || made.kind == Event::Kind::externalStatus;
        if (needsStatus && !hasStatus)
            return bad(value.span, what + " needs `status`");
        if (made.kind == Event::Kind::setGlobal && !hasValue)
            return bad(value.span, what + " needs `value`");
        if (key == "job") {
            knownJob(named->span, made.object, needsStatus);
            fitsScheduler(value.span, made);
        }
        result.events.push_back(std::move(made));
    }
    /// Of a job of one scheduler there are no events that only the other knows.
    void fitsScheduler(Span span, Event const& made) {
        auto const it = estate.jobByName.find(made.object);
        if (it == estate.jobByName.end())
            return;
        using E = Event::Kind;
        bool const isOrdered = estate.jobs[it->second].dialect == ir::Dialect::controlm;
        bool const isOfOrders =
            made.kind == E::confirm || made.kind == E::rerun || made.kind == E::deleteOrder;
        bool const isOfBoth = made.kind == E::startJob || made.kind == E::forceStartJob ||
                              made.kind == E::killJob || made.kind == E::jobOnHold ||
                              made.kind == E::jobOffHold || made.kind == E::changeStatus;
        if (!isOfBoth && isOrdered != isOfOrders)
            bad(span, fmt::format("{} is no event of {}", toString(made.kind).str(),
                                  isOrdered ? "Control-M" : "this job's scheduler"));
        if (isOrdered && made.kind == E::changeStatus && made.status != Status::success)
            bad(span, "Control-M's operators can set a job to OK only: SUCCESS");
    }
    bool kind(JsonValue const& value, Event::Kind& target) {
        std::string name;
        if (!text(value, name))
            return false;
        auto const names = eventNames();
        auto const it = llvm::find(names, llvm::StringRef(name));
        if (it == names.end()) {
            unknown(value.span, "event", name,
                    std::vector<llvm::StringRef>(names.begin(), names.end()));
            return false;
        }
        target = static_cast<Event::Kind>(it - names.begin());
        return true;
    }

    FileId file;
    ir::Estate const& estate;
    diag::Diagnostics& diags;
    Scenario result;
    llvm::StringSet<> outside;
    Suggestions suggestions;
    bool hasSuggestions = false;
};

} // namespace

std::optional<Scenario> readScenario(FileId file, ir::Estate const& estate,
                                     diag::Diagnostics& diags) {
    return Reader(file, estate, diags).read();
}

Scenario ordinaryDay(ir::Estate const& estate, int64_t now) {
    Scenario scenario;
    ir::TimeZone const* const zone = schedule::siteZone(estate.settings);
    constexpr int64_t day = 86'400;
    int64_t const local = now + (zone ? zone->offsetAt(now) : 0);
    int64_t const midnight = local - (local % day + day) % day;
    scenario.start = zone ? zone->at(midnight).first : midnight;
    scenario.end = scenario.start + day;
    // An order date of Control-M goes on until New Day (CTM-002).
    if (llvm::any_of(estate.jobs,
                     [](ir::Job const& job) { return job.dialect == ir::Dialect::controlm; }))
        scenario.end += int64_t{estate.settings.newDay} * 60;
    for (ir::Job const& job : estate.jobs) {
        RunPlan plan = scenario.defaultRun;
        bool isKnown = std::holds_alternative<ir::FileWatchAction>(job.action);
        for (ir::KeptAttribute const& attribute : job.inert) {
            int64_t minutes = 0;
            if (attribute.key == "avg_runtime" && !attribute.value.getAsInteger(10, minutes) &&
                minutes > 0 && minutes < INT32_MAX) {
                plan.duration = minutes * 60;
                isKnown = true;
            }
        }
        if (job.exitRule.kind == ir::ExitRule::Kind::success && !job.exitRule.codes.empty()) {
            plan.exitCode = job.exitRule.codes.front().from; // JIL-057: 0 need not succeed
            isKnown = true;
        } else if (job.exitRule.kind == ir::ExitRule::Kind::fail) {
            for (size_t i = 0; i < job.exitRule.codes.size(); ++i)
                for (ir::CodeRange const& range : job.exitRule.codes)
                    if (range.from <= plan.exitCode && plan.exitCode <= range.to)
                        plan.exitCode = range.to + 1;
            isKnown = isKnown || plan.exitCode != 0;
        }
        if (isKnown)
            scenario.runs[job.name.str()] = {plan};
    }
    return scenario;
}

} // namespace hoist::semantics
