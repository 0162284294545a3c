// Scheduling criteria as the model holds them: DAYS, WEEKDAYS, months, calendars, rule-based
// calendars (CTM-040…046). What has a meaning that hoist does not know, or that differs between
// releases, makes the order dates unknown, and that is reported where it stands.
#include "frontend/controlm/Lower.h"

#include "frontend/controlm/Values.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

namespace hoist::controlm {

using namespace ir;
using diag::Code;

namespace {

/// Why the days of an entity are not known that says nothing about them.
constexpr char const* noCriteria = "it has no scheduling criteria";

using Sign = DayItem::Sign;
using Kind = DayItem::Kind;

/// The sign, `ALL`, `Dn`, `Ln`; what is left is a day.
DayItem readItem(llvm::StringRef& text, char separator) {
    DayItem item;
    static constexpr std::pair<char, Sign> signs[] = {
        {'+', Sign::plus}, {'-', Sign::minus}, {'>', Sign::next}, {'<', Sign::previous}};
    for (auto const& [c, sign] : signs)
        if (!text.empty() && text.front() == c) {
            item.sign = sign;
            text = text.drop_front();
            break;
        }
    bool const isName = text.size() > 1 && !llvm::isDigit(text[1]);
    if (text.equals_insensitive("ALL") || text.equals_insensitive("NONE")) {
        item.kind = text.equals_insensitive("ALL") ? Kind::all : Kind::none;
    } else if (!isName && text.consume_front_insensitive("D")) {
        item.kind = Kind::fromStart;
    } else if (!isName && text.consume_front_insensitive("L")) {
        item.kind = Kind::fromEnd;
    } else {
        item.kind = Kind::number;
    }
    if (item.kind == Kind::fromStart || item.kind == Kind::fromEnd) {
        auto const [number, behind] = text.split(separator);
        number.getAsInteger(10, item.number);
        if (separator == 'P' && !behind.empty())
            item.period = behind.front();
        else
            behind.getAsInteger(10, item.week);
    }
    return item;
}

/// In words, or as a number that counts from the site's first day (CTM-044). 0 = Sunday.
uint8_t readWeekday(llvm::StringRef text, bool weekBeginsOnMonday) {
    unsigned number = 0;
    if (!text.getAsInteger(10, number))
        return static_cast<uint8_t>(weekBeginsOnMonday ? number % 7 : (number + 6) % 7);
    static constexpr llvm::StringRef names[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    for (uint8_t day = 0; day < 7; ++day)
        if (text.starts_with_insensitive(names[day]))
            return day;
    return 0; // checkValue has let nothing else pass
}

template <class Each>
void eachItem(llvm::StringRef list, Each each) {
    llvm::SmallVector<llvm::StringRef, 8> items;
    list.split(items, ',');
    for (llvm::StringRef item : items)
        if (!item.trim().empty())
            each(item.trim());
}

struct Doubt {
    Field const* at = nullptr;
    std::string why;
};

class RuleReader {
public:
    RuleReader(Node const& criteria, Settings const& site) : node(criteria), settings(site) {}

    OrderRule read(Doubt& doubt) {
        months();
        days();
        weekdays();
        rule.dayCalendar = node.value(Attr::scheduling_DAYSCAL).trim();
        rule.weekCalendar = node.value(Attr::scheduling_WEEKSCAL).trim();
        rule.isEither = !node.value(Attr::scheduling_DAYS_AND_OR).starts_with_insensitive("A");
        dates();
        confirmation();
        period();
        check();
        doubt = std::move(found);
        return std::move(rule);
    }

private:
    /// The first reason counts.
    void doubts(Field const* at, std::string why) {
        if (found.why.empty())
            found = {at, std::move(why)};
    }
    /// A value that can be read; what cannot has been reported.
    Field const* valid(Attr id) {
        Field const* const field = node.find(id);
        if (field && field->isBad) {
            doubts(field, "a value cannot be read");
            return nullptr;
        }
        return field;
    }

    void months() {
        uint16_t given = 0, set = 0;
        Field const* last = nullptr;
        for (unsigned month = 1; month <= 12; ++month) {
            Field const* const field =
                valid(static_cast<Attr>(static_cast<unsigned>(Attr::scheduling_JAN) + month - 1));
            if (!field)
                continue;
            last = field;
            given = static_cast<uint16_t>(given | 1u << month);
            if (readFlag(field->value).value_or(false))
                set = static_cast<uint16_t>(set | 1u << month);
        }
        if (given == 0)
            return;
        rule.months = set;
        if (given != 0b1111111111110)
            doubts(last, "only some months are said to be in or out");
    }

    void days() {
        Field const* const field = valid(Attr::scheduling_DAYS);
        if (!field)
            return;
        eachItem(field->value, [&](llvm::StringRef text) {
            llvm::StringRef rest = text;
            DayItem item = readItem(rest, 'P');
            if (item.kind == Kind::number)
                rest.getAsInteger(10, item.number);
            if (item.period != '\0')
                doubts(field, fmt::format("`{}` counts the days of a period", text.str()));
            bool const needsCalendar =
                item.kind == Kind::fromStart ||
                (item.kind == Kind::number && item.sign != Sign::plain && item.sign != Sign::minus);
            if (needsCalendar && !node.find(Attr::scheduling_DAYSCAL))
                doubts(field, fmt::format("`{}` needs a calendar in `DAYSCAL`", text.str()));
            rule.days.push_back(item);
        });
        mixed(field, rule.days);
    }

    void weekdays() {
        Field const* const field = valid(Attr::scheduling_WEEKDAYS);
        if (!field)
            return;
        eachItem(field->value, [&](llvm::StringRef text) {
            llvm::StringRef rest = text;
            DayItem item = readItem(rest, 'W');
            if (item.kind == Kind::number)
                item.number = readWeekday(rest, settings.weekBeginsOnMonday);
            if (item.kind == Kind::fromStart || item.kind == Kind::fromEnd)
                doubts(field, fmt::format("`{}` counts the days or weeks of a month, which "
                                          "releases do in different ways",
                                          text.str()));
            else if (item.kind == Kind::number && item.sign != Sign::plain &&
                     item.sign != Sign::minus && !node.find(Attr::scheduling_WEEKSCAL))
                doubts(field, fmt::format("`{}` needs a calendar in `WEEKSCAL`", text.str()));
            rule.weekdays.push_back(item);
        });
        mixed(field, rule.weekdays);
    }

    /// Whether `10,-20` means the 10th, or all days but the 20th, nobody says (CTM-041, CTM-042).
    void mixed(Field const* field, std::vector<DayItem> const& items) {
        bool removes = false, adds = false, addsAll = false;
        for (DayItem const& item : items) {
            removes |= item.sign == Sign::minus;
            addsAll |= item.kind == Kind::all || item.sign == Sign::plus;
            adds |= item.sign != Sign::minus;
        }
        if (removes && adds && !addsAll)
            doubts(field, "days that it adds and days that it takes away stand in one list "
                          "without `ALL`");
    }

    void dates() {
        Field const* const field = valid(Attr::scheduling_DATE);
        if (!field)
            return;
        eachItem(field->value, [&](llvm::StringRef text) {
            unsigned month = 0, day = 0;
            text.take_front(2).getAsInteger(10, month);
            text.drop_front(2).getAsInteger(10, day);
            if (month > 12)
                doubts(field, fmt::format("`{}` has its day before its month", text.str()));
            else
                rule.dates.push_back({static_cast<uint8_t>(month), static_cast<uint8_t>(day)});
        });
        if (!rule.days.empty() || !rule.weekdays.empty())
            doubts(field, "`DATE` stands beside `DAYS` or `WEEKDAYS`");
    }

    void confirmation() {
        rule.confirmation = node.value(Attr::scheduling_CONFCAL).trim();
        if (Field const* field = valid(Attr::scheduling_SHIFT)) {
            llvm::StringRef const word = field->value.trim();
            rule.shift = word.starts_with_insensitive("Next")   ? OrderRule::Shift::next
                         : word.starts_with_insensitive("Prev") ? OrderRule::Shift::previous
                         : word.starts_with_insensitive("No")   ? OrderRule::Shift::keep
                                                                : OrderRule::Shift::ignore;
        }
        if (Field const* field = valid(Attr::scheduling_SHIFTNUM)) {
            rule.shiftBy = static_cast<int32_t>(readNumber(field->value).value_or(0));
            if (rule.shiftBy != 0 && rule.shift == OrderRule::Shift::keep)
                doubts(field, "`SHIFTNUM` stands beside `SHIFT=\"No Confcal\"`");
        }
    }

    void period() {
        if (Field const* field = valid(Attr::scheduling_ACTIVE_FROM))
            rule.from = readDate(field->value).value_or(Date{});
        if (Field const* field = valid(Attr::scheduling_ACTIVE_TILL)) {
            rule.till = readDate(field->value).value_or(Date{});
            if (rule.from.year != 0 && rule.till < rule.from)
                doubts(field, "the ordering period ends before it begins");
        }
    }

    /// Properties of `When` that are no rows of the table.
    void check() {
        if (node.hasOtherDays)
            doubts(nullptr, "a property of `When` decides that hoist does not know");
    }

    Node const& node;
    Settings const& settings;
    OrderRule rule;
    Doubt found;
};

} // namespace

Lowering::Rule Lowering::readRule(Node const& criteria, llvm::StringRef server) const {
    Doubt doubt;
    Rule result;
    result.rule = RuleReader(criteria, estate.settings).read(doubt);
    result.rule.name = criteria.is(E::rule) ? criteria.value(Attr::rule_NAME) : llvm::StringRef();
    result.doubt = std::move(doubt.why);
    result.doubtAt = doubt.at ? doubt.at->span : criteria.nameSpan;
    result.server = server;
    return result;
}

void Lowering::ordering(Node const& node, Scope& scope) {
    for (Node const& child : node.children)
        if (child.is(E::rule))
            scope.rules.try_emplace(child.value(Attr::rule_NAME), readRule(child, scope.server));
    Ordering result;
    Rule own = readRule(node, scope.server);
    result.own = std::move(own.rule);
    result.unknownDays = std::move(own.doubt);
    result.unknownAt = own.doubtAt;
    result.needsBoth =
        node.value(Attr::entities_RULE_BASED_CALENDAR_RELATIONSHIP).starts_with_insensitive("A");
    llvm::StringRef const adjusts = node.value(Attr::entities_ADJUST_COND).trim();
    result.adjustsWaits = !adjusts.empty() && !adjusts.equals_insensitive("N");
    OrderingId const id = estate.orderings.add(std::move(result));
    estate.jobs[scope.job].ordering = id;
    orderings.push_back({id, scope.job, scope.server, isOfApi});

    auto const use = [&](llvm::StringRef name, Span span, bool isExcluded) {
        RuleUse one{id, name, span, isExcluded, std::nullopt};
        for (Scope const* around = &scope; around && !one.rule; around = around->around)
            if (auto const known = around->rules.find(name); known != around->rules.end())
                one.rule = known->second;
        ruleUses.push_back(std::move(one));
    };
    bool const isSmart = node.is(E::smartFolder) || node.is(E::subFolder);
    for (Node const& child : node.children) {
        if (child.is(E::ruleUse) || child.is(E::ruleExclude)) {
            Field const* const field = child.find(Attr::usesRule_NAME);
            llvm::StringRef name = field ? field->value.trim() : llvm::StringRef();
            bool const isExcluded = name.consume_front("!") || child.is(E::ruleExclude);
            if (name == "*" || name.equals_insensitive("USE PARENT"))
                estate.orderings[id].isByParent = true;
            else if (!name.empty() && !name.equals_insensitive("NONE"))
                use(name, field->span, isExcluded);
        } else if (child.is(E::rule) && isSmart) {
            use(child.value(Attr::rule_NAME), child.nameSpan, false); // CTM-045
        }
    }
}

namespace {

/// Equal criteria have equal keys: what is computed from one is computed once for all.
class KeyWriter {
public:
    std::string of(Ordering const& ordering) {
        rule(ordering.own);
        for (auto const* rules : {&ordering.included, &ordering.excluded}) {
            number(rules->size());
            for (OrderRule const& one : *rules)
                rule(one);
        }
        number(ordering.needsBoth);
        number(ordering.isByParent);
        number(ordering.adjustsWaits);
        return std::move(key);
    }

private:
    void number(uint64_t value) { key.append(reinterpret_cast<char const*>(&value), sizeof value); }
    void text(llvm::StringRef value) {
        number(value.size());
        key += value;
    }
    void items(std::vector<DayItem> const& some) {
        number(some.size());
        for (DayItem const& item : some)
            for (auto const part :
                 {static_cast<char>(item.kind), static_cast<char>(item.sign),
                  static_cast<char>(item.number), static_cast<char>(item.week), item.period})
                key += part;
    }
    void date(Date value) {
        number(static_cast<uint64_t>(value.year));
        number(value.month * 100u + value.day);
    }
    void rule(OrderRule const& one) {
        for (llvm::StringRef const name :
             {one.name, one.dayCalendar, one.weekCalendar, one.confirmation})
            text(name);
        for (CalendarId const calendar : {one.dayDays, one.weekDays, one.confirmedDays})
            number(calendar.value);
        number(one.months);
        items(one.days);
        items(one.weekdays);
        number(one.dates.size());
        for (MonthDay const& day : one.dates)
            number(day.month * 100u + day.day);
        number(one.isEither);
        number(static_cast<uint64_t>(one.shift));
        number(static_cast<uint64_t>(one.shiftBy));
        date(one.from);
        date(one.till);
    }

    std::string key;
};

} // namespace

/// CTM-045: `*`, the criteria of its folder.
template <class Unknown>
static void byParent(Ordering& ordering, Ordering const& parent, Unknown unknown) {
    auto const add = [](std::vector<OrderRule>& to, std::vector<OrderRule> const& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    add(ordering.excluded, parent.excluded);
    if (!parent.unknownDays.empty())
        unknown(ordering, parent.unknownAt, parent.unknownDays);
    bool const isAlone = !ordering.own.hasDays() && ordering.included.empty();
    bool const joins = parent.needsBoth && parent.own.hasDays() && !parent.included.empty();
    if (joins && !isAlone)
        unknown(ordering, parent.unknownAt,
                "it has criteria beside those of its folder, which joins two by AND");
    if (isAlone) {
        ordering.own = parent.own;
        ordering.needsBoth = parent.needsBoth;
    } else if (parent.own.hasDays()) {
        ordering.included.push_back(parent.own);
    }
    add(ordering.included, parent.included);
}

void Lowering::resolveOrderings() {
    auto const unknown = [&](Ordering& ordering, Span where, std::string why) {
        if (!ordering.unknownDays.empty())
            return;
        ordering.unknownDays = std::move(why);
        ordering.unknownAt = where;
    };
    auto const calendarOf = [&](llvm::StringRef name, llvm::StringRef server) -> CalendarId {
        for (std::string const& key : {(server + "/" + name).str(), ("/" + name).str()})
            if (auto const it = calendars.find(key); it != calendars.end())
                return it->second;
        auto const it = server.empty() ? calendarNames.find(name) : calendarNames.end();
        return it == calendarNames.end() ? CalendarId{} : it->second;
    };
    auto const resolve = [&](OrderRule& rule, Ordering& ordering, llvm::StringRef server,
                             Span where) {
        for (auto const& [name, target] : {std::pair(rule.dayCalendar, &rule.dayDays),
                                           std::pair(rule.weekCalendar, &rule.weekDays),
                                           std::pair(rule.confirmation, &rule.confirmedDays)}) {
            if (name.empty())
                continue;
            *target = calendarOf(name, server);
            if (!*target || estate.calendars[*target].refused)
                unknown(ordering, where, fmt::format("calendar `{}` is not known", name.str()));
        }
    };
    for (RuleUse& use : ruleUses) {
        Ordering& ordering = estate.orderings[use.ordering];
        if (!use.rule)
            if (auto const known = globalRules.find(use.name); known != globalRules.end())
                use.rule = known->second;
        if (!use.rule) {
            unknown(ordering, use.span, fmt::format("`{}` is not defined", use.name.str()));
            continue;
        }
        if (!use.rule->doubt.empty())
            unknown(ordering, use.rule->doubtAt, use.rule->doubt);
        resolve(use.rule->rule, ordering, use.rule->server, use.span);
        (use.isExcluded ? ordering.excluded : ordering.included).push_back(use.rule->rule);
    }
    for (Pending const& pending : orderings) { // folders before what is in them
        Ordering& ordering = estate.orderings[pending.ordering];
        Job const& job = estate.jobs[pending.job];
        resolve(ordering.own, ordering, pending.server, job.nameSpan);
        if (ordering.isByParent && job.box)
            byParent(ordering, estate.orderings[estate.jobs[job.box].ordering], unknown);
        if (estate.isContainer(pending.job) || !ordering.unknownDays.empty())
            continue;
        // An export writes what was chosen: here "None", so no clock ever orders it (CTM-006).
        bool const isNone = !pending.isOfApi &&
                            estate.orderPolicies[job.orders].method != OrderPolicy::Method::manual;
        if (!ordering.own.hasDays() && ordering.included.empty() && !isNone)
            unknown(ordering, job.nameSpan, noCriteria);
    }
    // Without order dates nothing is known of when it runs, or of what PREV and NEXT mean.
    for (Pending const& pending : orderings) {
        Ordering const& ordering = estate.orderings[pending.ordering];
        Job& job = estate.jobs[pending.job];
        bool needsDates = estate.orderPolicies[job.orders].method != OrderPolicy::Method::manual;
        auto const isOwn = [](ir::Scope const& scope) {
            return scope.kind == ir::Scope::Kind::previousOrderDate ||
                   scope.kind == ir::Scope::Kind::nextOrderDate;
        };
        for (AtomUse const& use : job.condition.uses)
            needsDates |= isOwn(estate.conditions[use.atom].scope);
        for (FactChange const& change : job.factChanges)
            needsDates |= isOwn(change.date);
        if (ordering.unknownDays.empty() || !needsDates)
            continue;
        auto const saysNothing = [&](JobId id) {
            return id && estate.orderings[estate.jobs[id].ordering].unknownDays == noCriteria;
        };
        if (saysNothing(pending.job) && !saysNothing(job.box)) // else its folder was told of
            notModelled(pending.job, job.nameSpan, {}, "an entity without scheduling criteria");
        job.refused = true; // anything else has been reported
    }
    llvm::DenseSet<uint32_t> told; // a rule that many use is told of once
    for (Pending const& pending : orderings) {
        Ordering const& ordering = estate.orderings[pending.ordering];
        llvm::StringRef const why = ordering.unknownDays;
        bool const isToldElsewhere =
            why.empty() || why.starts_with("calendar `") || why.ends_with("is not defined") ||
            why == "a value cannot be read" || why == "it has no scheduling criteria";
        if (!isToldElsewhere && told.insert(ordering.unknownAt.begin).second)
            diags
                .report<Code::OrderDatesUnknown>(ordering.unknownAt, estate.jobs[pending.job].name,
                                                 why)
                .object(estate.jobs[pending.job].name);
    }
    shareEqual();
}

void Lowering::shareEqual() {
    llvm::StringMap<OrderingId> known;
    for (Pending const& pending : orderings) {
        Ordering& ordering = estate.orderings[pending.ordering];
        if (!ordering.unknownDays.empty())
            continue; // has a place of its own
        auto const [it, isNew] = known.try_emplace(KeyWriter().of(ordering), pending.ordering);
        if (isNew)
            continue;
        estate.jobs[pending.job].ordering = it->second;
        ordering = Ordering();
    }
}

} // namespace hoist::controlm
