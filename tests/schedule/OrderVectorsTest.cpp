// The C++ engine of order dates against the golden vectors that it shares with the shims.
#include "analysis/schedule/OrderDates.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <fstream>

using namespace hoist;
using nlohmann::json;

namespace {

using Item = ir::DayItem;

ir::Date readDate(std::string const& text) {
    return {std::stoi(text.substr(0, 4)), static_cast<uint8_t>(std::stoi(text.substr(5, 2))),
            static_cast<uint8_t>(std::stoi(text.substr(8, 2)))};
}

llvm::SmallVector<llvm::StringRef, 8> wordsOf(json const& criteria, char const* key) {
    llvm::SmallVector<llvm::StringRef, 8> words;
    if (criteria.contains(key))
        llvm::StringRef(criteria[key].get_ref<std::string const&>()).split(words, ' ', -1, false);
    return words;
}

/// The words of the shims' `order_days`: `>15`, `-D1`, `+sa`, `all`.
Item readItem(llvm::StringRef word) {
    Item item;
    for (auto const& [sign, meaning] :
         {std::pair('+', Item::Sign::plus), std::pair('-', Item::Sign::minus),
          std::pair('>', Item::Sign::next), std::pair('<', Item::Sign::previous)})
        if (word.front() == sign)
            item.sign = meaning;
    if (item.sign != Item::Sign::plain)
        word = word.drop_front();
    size_t const weekday = llvm::StringRef("su mo tu we th fr sa").find(word);
    if (word == "all" || word == "none") {
        item.kind = word == "all" ? Item::Kind::all : Item::Kind::none;
        return item;
    }
    item.kind = word.consume_front("D")   ? Item::Kind::fromStart
                : word.consume_front("L") ? Item::Kind::fromEnd
                                          : Item::Kind::number;
    if (word.getAsInteger(10, item.number))
        item.number = static_cast<uint8_t>(weekday / 3);
    return item;
}

class Reader {
public:
    explicit Reader(ir::Estate& given) : estate(given) {}

    void addCalendars(json const& definitions) {
        for (auto const& [name, definition] : definitions.items()) {
            ir::Calendar calendar;
            calendar.name = estate.save(name);
            for (std::string const row : definition["dates"])
                calendar.rows.push_back({readDate(row), -1});
            llvm::StringRef const named = calendar.name;
            estate.calendarByName[named] = estate.calendars.add(std::move(calendar));
        }
    }

    ir::OrderRule rule(json const& criteria) {
        ir::OrderRule made;
        for (llvm::StringRef const word : wordsOf(criteria, "days"))
            made.days.push_back(readItem(word));
        for (llvm::StringRef const word : wordsOf(criteria, "weekdays"))
            made.weekdays.push_back(readItem(word));
        if (criteria.contains("months"))
            made.months = 0;
        for (llvm::StringRef const word : wordsOf(criteria, "months")) {
            size_t const at =
                llvm::StringRef("jan feb mar apr may jun jul aug sep oct nov dec").find(word);
            made.months = static_cast<uint16_t>(made.months | 1u << (at / 4 + 1));
        }
        for (llvm::StringRef const word : wordsOf(criteria, "dates")) {
            ir::MonthDay date;
            word.take_front(2).getAsInteger(10, date.month);
            word.drop_front(3).getAsInteger(10, date.day);
            made.dates.push_back(date);
        }
        made.isEither = criteria.value("either", false);
        auto const calendar = [&](char const* key, llvm::StringRef& name, ir::CalendarId& id) {
            if (!criteria.contains(key))
                return;
            name = estate.save(criteria[key].get<std::string>());
            id = estate.calendarByName.lookup(name);
        };
        calendar("calendar", made.dayCalendar, made.dayDays);
        calendar("week_calendar", made.weekCalendar, made.weekDays);
        calendar("confirm", made.confirmation, made.confirmedDays);
        using Shift = ir::OrderRule::Shift;
        std::string const shift = criteria.value("shift", "ignore");
        made.shift = shift == "next"       ? Shift::next
                     : shift == "previous" ? Shift::previous
                     : shift == "keep"     ? Shift::keep
                                           : Shift::ignore;
        made.shiftBy = criteria.value("shift_by", 0);
        if (criteria.contains("since"))
            made.from = readDate(criteria["since"]);
        if (criteria.contains("until"))
            made.till = readDate(criteria["until"]);
        return made;
    }

    ir::Ordering ordering(json const& criteria) {
        ir::Ordering made;
        made.own = rule(criteria);
        made.needsBoth = criteria.value("both", false);
        for (json const& one : criteria.value("included", json::array()))
            made.included.push_back(rule(one));
        for (json const& one : criteria.value("excluded", json::array()))
            made.excluded.push_back(rule(one));
        return made;
    }

private:
    ir::Estate& estate;
};

} // namespace

TEST(OrderVectors, DaysOfHalfAYear_CTM040_CTM046) {
    std::ifstream file(HOIST_SOURCE_DIR "/tests/vectors/orders.json");
    json const vectors = json::parse(file);
    ASSERT_GT(vectors["cases"].size(), 40u);
    for (json const& one : vectors["cases"]) {
        ir::Estate estate;
        Reader reader(estate);
        reader.addCalendars(vectors["calendars"]);
        ir::Job job;
        job.ordering = estate.orderings.add(reader.ordering(one["criteria"]));
        ir::JobId const id = estate.jobs.add(std::move(job));
        schedule::OrderDates dates(estate);
        std::string text;
        for (int32_t const day :
             dates.between(id, ir::toDayNumber({2026, 1, 1}), ir::toDayNumber({2026, 6, 30}))) {
            ir::Date const date = ir::fromDayNumber(day);
            text += fmt::format("{}{:02}{:02}", text.empty() ? "" : " ", date.month, date.day);
        }
        EXPECT_EQ(text, one["days"].get<std::string>()) << one["criteria"].dump();
    }
}
