// The C++ schedule engine against the golden vectors that it shares with the shims.
#include "analysis/schedule/Ticks.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <fstream>

using namespace hoist;
using nlohmann::json;

static json load(char const* name) {
    std::ifstream file(std::string(HOIST_SOURCE_DIR "/tests/vectors/") + name);
    return json::parse(file);
}

static ir::Date readDate(std::string const& text) {
    return {std::stoi(text.substr(0, 4)), static_cast<uint8_t>(std::stoi(text.substr(5, 2))),
            static_cast<uint8_t>(std::stoi(text.substr(8, 2)))};
}

static int64_t readInstant(std::string const& text) {
    return ir::toDayNumber(readDate(text)) * 86400LL + std::stoi(text.substr(11, 2)) * 3600LL +
           std::stoi(text.substr(14, 2)) * 60LL + std::stoi(text.substr(17, 2));
}

static std::string writeInstant(int64_t instant) {
    auto const day = static_cast<int32_t>(instant / 86400);
    ir::Date const date = ir::fromDayNumber(day);
    int64_t const second = instant % 86400;
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.year, date.month, date.day,
                       second / 3600, second / 60 % 60, second % 60);
}

static uint8_t readWeekdays(std::string const& text) {
    if (text == "all")
        return 0b1111111;
    uint8_t bits = 0;
    llvm::StringRef const names = "su mo tu we th fr sa";
    llvm::SmallVector<llvm::StringRef, 7> words;
    llvm::StringRef(text).split(words, ' ', -1, false);
    for (llvm::StringRef word : words)
        bits = static_cast<uint8_t>(bits | 1 << names.find(word) / 3);
    return bits;
}

static ir::Disposition readDisposition(json const& definition, char const* key) {
    std::string const letter = definition.value(key, "");
    return letter.empty() ? ir::Disposition::unset
                          : static_cast<ir::Disposition>(1 + std::string("OSNWP").find(letter));
}

/// Vectors know constructs only as "given".
static ir::ConstructId const given(0);

static ir::CalendarId addCalendar(ir::Estate& estate, std::string const& name,
                                  json const& definition) {
    ir::Calendar calendar;
    calendar.name = estate.save(name);
    std::string const kind = definition["kind"];
    if (kind == "standard") {
        for (std::string const row : definition["dates"]) {
            int16_t minute = -1;
            if (row.size() > 10)
                minute = static_cast<int16_t>(std::stoi(row.substr(11, 2)) * 60 +
                                              std::stoi(row.substr(14, 2)));
            calendar.rows.push_back({readDate(row), minute});
        }
        std::sort(calendar.rows.begin(), calendar.rows.end());
    } else if (kind == "cycle") {
        calendar.kind = ir::Calendar::Kind::cycle;
        for (json const& period : definition["periods"])
            calendar.periods.push_back({readDate(period[0]), readDate(period[1])});
    } else {
        calendar.kind = ir::Calendar::Kind::extended;
        calendar.rule = estate.save(definition.value("condition", ""));
        calendar.workdays = readWeekdays(definition.value("workdays", "mo tu we th fr"));
        calendar.holiday = readDisposition(definition, "holiday");
        calendar.nonWorkday = readDisposition(definition, "non_workday");
        calendar.adjust = definition.value("adjust", 0);
        if (definition.contains("holcal"))
            calendar.holidayCalendar.set(estate.save(definition["holcal"].get<std::string>()),
                                         given);
        if (definition.contains("cyccal"))
            calendar.cycleName.set(estate.save(definition["cyccal"].get<std::string>()), given);
    }
    ir::CalendarId const id = estate.calendars.add(calendar);
    estate.calendarByName[name] = id;
    return id;
}

static void addCalendars(ir::Estate& estate, json const& definitions) {
    for (auto const& [name, definition] : definitions.items())
        addCalendar(estate, name, definition);
}

static ir::Schedule readSchedule(ir::Estate& estate, json const& given_) {
    ir::Schedule schedule;
    schedule.zone = estate.save(given_["timezone"].get<std::string>());
    if (given_.contains("days"))
        schedule.weekdays.set(readWeekdays(given_["days"]), given);
    auto const numbers = [&](char const* key, auto store) {
        std::string const text = given_.value(key, "");
        llvm::SmallVector<llvm::StringRef, 8> words;
        llvm::StringRef(text).split(words, ' ', -1, false);
        for (llvm::StringRef word : words)
            store(word);
    };
    numbers("times", [&](llvm::StringRef word) {
        int hour = 0, minute = 0;
        EXPECT_FALSE(word.take_front(2).getAsInteger(10, hour) ||
                     word.drop_front(3).getAsInteger(10, minute));
        schedule.times.value.push_back(static_cast<int16_t>(hour * 60 + minute));
    });
    numbers("minutes", [&](llvm::StringRef word) {
        uint8_t minute = 0;
        EXPECT_FALSE(word.getAsInteger(10, minute));
        schedule.minutes.value.push_back(minute);
    });
    if (given_.contains("calendar")) {
        schedule.runCalendar.set(estate.save(given_["calendar"].get<std::string>()), given);
        schedule.run = estate.calendarByName[*schedule.runCalendar];
    }
    if (given_.contains("exclude")) {
        schedule.excludeCalendar.set(estate.save(given_["exclude"].get<std::string>()), given);
        schedule.exclude = estate.calendarByName[*schedule.excludeCalendar];
    }
    return schedule;
}

static std::vector<std::string> written(std::vector<int64_t> const& ticks) {
    std::vector<std::string> texts;
    for (int64_t const tick : ticks)
        texts.push_back(writeInstant(tick));
    return texts;
}

TEST(ScheduleVectors, CalendarRulesAndDispositions_JIL157_JIL158_JIL159) {
    json const vectors = load("calendars.json");
    for (json const& one : vectors["cases"]) {
        ir::Estate estate;
        addCalendars(estate, vectors["calendars"]);
        ir::CalendarId const id = addCalendar(estate, "X", one["calendar"]);
        ir::RuleError error;
        ASSERT_TRUE(ir::CalendarRule::parse(estate.calendars[id].rule, error)) << error.message;
        schedule::CalendarDays days(estate);
        std::string text;
        for (int32_t const day : days.of(id, one["year"])) {
            ir::Date const date = ir::fromDayNumber(day);
            text += fmt::format("{}{:02}{:02}", text.empty() ? "" : " ", date.month, date.day);
        }
        EXPECT_EQ(text, one["days"].get<std::string>()) << one["calendar"].dump();
    }
}

TEST(ScheduleVectors, CanonicalRulesMeanTheSame) {
    json const vectors = load("calendars.json");
    for (json const& one : vectors["cases"]) {
        std::string const text = one["calendar"].value("condition", "");
        ir::RuleError error;
        auto const rule = ir::CalendarRule::parse(text, error);
        auto const again = ir::CalendarRule::parse(rule->canonical(), error);
        ASSERT_TRUE(again) << rule->canonical().str();
        EXPECT_EQ(again->canonical(), rule->canonical());
        ir::CalendarFacts facts;
        facts.periods = {{20454, 20500}, {20550, 20700}};
        EXPECT_EQ(rule->days(2026, facts), again->days(2026, facts)) << text;
    }
}

TEST(ScheduleVectors, TicksOverDst_JIL149) {
    json const vectors = load("ticks.json");
    for (json const& one : vectors["cases"]) {
        ir::Estate estate;
        addCalendars(estate, vectors["calendars"]);
        ir::Schedule const schedule = readSchedule(estate, one["schedule"]);
        schedule::Ticks ticks(estate);
        auto const found =
            ticks.between(schedule, readInstant(one["from"]), readInstant(one["to"]));
        EXPECT_EQ(written(found), one["ticks"].get<std::vector<std::string>>())
            << one["schedule"].dump() << one["from"];
    }
}

static ir::CronFields readCron(std::string const& text) {
    ir::CronFields fields;
    llvm::SmallVector<llvm::StringRef, 5> words;
    llvm::StringRef(text).split(words, ' ');
    auto const read = [](llvm::StringRef field, int low, int high, auto set) {
        llvm::SmallVector<llvm::StringRef, 8> items;
        field.split(items, ',');
        for (llvm::StringRef item : items) {
            auto const [body, step] = item.split('/');
            auto const [from, to] = body.split('-');
            int first = low, last = high, by = 1;
            if (body != "*") {
                EXPECT_FALSE(from.getAsInteger(10, first));
                last = first;
                EXPECT_FALSE(!to.empty() && to.getAsInteger(10, last));
            }
            EXPECT_FALSE(!step.empty() && step.getAsInteger(10, by));
            for (int value = first; value <= last; value += by)
                set(static_cast<size_t>(value));
        }
        return field.starts_with("*");
    };
    fields.minuteStar = read(words[0], 0, 59, [&](size_t v) { fields.minutes.set(v); });
    fields.hourStar = read(words[1], 0, 23, [&](size_t v) { fields.hours.set(v); });
    fields.monthDayStar = read(words[2], 1, 31, [&](size_t v) { fields.monthDays.set(v); });
    read(words[3], 1, 12, [&](size_t v) { fields.months.set(v); });
    fields.weekdayStar = read(words[4], 0, 7, [&](size_t v) { fields.weekdays.set(v % 7); });
    return fields;
}

TEST(ScheduleVectors, Cron_CRON002_CRON008) {
    json const vectors = load("cron.json");
    for (json const& one : vectors["cases"]) {
        std::string const zone = one["timezone"];
        auto const found = schedule::cronTicks(readCron(one["expression"]), *ir::findZone(zone),
                                               readInstant(one["from"]), readInstant(one["to"]));
        EXPECT_EQ(written(found), one["ticks"].get<std::vector<std::string>>())
            << one["expression"] << zone << one["from"];
    }
}

static uint64_t mix(uint64_t value, uint64_t item) {
    for (int byte = 0; byte < 8; ++byte)
        value = (value ^ (item >> (8 * byte) & 0xff)) * 1099511628211u;
    return value;
}

TEST(ScheduleVectors, EveryZoneAgreesWithPythonAtThousandsOfInstants) {
    json const vectors = load("zones.json");
    EXPECT_EQ(ir::zoneDataVersion(), vectors["version"].get<std::string>());
    for (auto const& [name, hash] : vectors["zones"].items()) {
        ir::TimeZone const* zone = ir::findZone(name);
        ASSERT_NE(zone, nullptr) << name;
        uint64_t value = 14695981039346656037u, state = 42;
        for (int i = 0; i < vectors["samples"]; ++i) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            auto const instant = static_cast<int64_t>((state >> 32) * 4102444800u >> 32);
            value =
                mix(value, static_cast<uint64_t>(static_cast<int64_t>(zone->offsetAt(instant))));
            ir::Moment const moment = zone->at(instant);
            value = mix(value, static_cast<uint64_t>(moment.first + 2 * moment.second +
                                                     (moment.skipped ? 1 : 0)));
        }
        EXPECT_EQ(fmt::format("{:016x}", value), hash.get<std::string>()) << name;
    }
}
