// The text of a message, written and read back.
#include "frontend/ir/Messages.h"

#include "frontend/ir/SharedVariables.h"

#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>

namespace hoist::ir {

using Urgency = Message::Urgency;

constexpr int32_t longestRun = 999; ///< minutes: three digits

static constexpr llvm::StringLiteral endsDestination = "\\:(";

static Urgency urgencyOf(llvm::StringRef letter) {
    return llvm::StringSwitch<Urgency>(letter.trim())
        .CasesLower("u", "urgent", Urgency::urgent)
        .CasesLower("v", "veryurgent", Urgency::veryUrgent)
        .Default(Urgency::regular);
}

Message messageOf(EndAction const& action) {
    Message made{action.destination.str(), urgencyOf(action.urgency), action.subject.str()};
    if (!action.subject.empty() && !action.text.empty())
        made.text += '\n';
    made.text += action.text;
    return made;
}

Message messageOf(Shout const& shout) {
    return {shout.destination.str(), urgencyOf(shout.urgency), shout.text.str()};
}

llvm::StringRef toText(Urgency urgency) {
    return urgency == Urgency::urgent       ? "urgent"
           : urgency == Urgency::veryUrgent ? "very urgent"
                                            : "";
}

llvm::StringRef letterOf(Urgency urgency) {
    return urgency == Urgency::urgent ? "U" : urgency == Urgency::veryUrgent ? "V" : "R";
}

std::string toText(Message const& message) {
    std::string text = "tell";
    if (!message.destination.empty())
        text += ' ';
    for (char const c : message.destination) {
        if (endsDestination.contains(c))
            text += '\\';
        text += c;
    }
    if (message.urgency != Urgency::regular)
        text += " (" + toText(message.urgency).str() + ")";
    return text + ": " + message.text;
}

std::optional<Message> parseMessage(llvm::StringRef text) {
    Message found;
    if (!text.consume_front("tell"))
        return std::nullopt;
    std::string before; // what stands in front of the urgency or the colon
    while (!text.empty() && text.front() != ':' && text.front() != '(') {
        if (text.consume_front("\\") && (text.empty() || !endsDestination.contains(text.front())))
            return std::nullopt;
        before += text.front();
        text = text.drop_front();
    }
    llvm::StringRef destination = before;
    for (Urgency const urgency : {Urgency::urgent, Urgency::veryUrgent})
        if (text.consume_front("(" + toText(urgency).str() + ")")) {
            if (!destination.consume_back(" "))
                return std::nullopt;
            found.urgency = urgency;
            break;
        }
    if (!text.consume_front(": ") ||
        (!destination.empty() && (!destination.consume_front(" ") || destination.empty())))
        return std::nullopt;
    found.destination = destination.str();
    found.text = text.str();
    return found;
}

bool canTell(EndTest const& test, bool hasCodes) {
    using Test = EndTest::Kind;
    bool const isStatus =
        test.kind == Test::any || test.kind == Test::ok || test.kind == Test::notOk;
    return whyUnsure(test).empty() && (hasCodes || isStatus);
}

std::string toText(LateTest const& test) {
    switch (test.kind) {
    case LateTest::Kind::notSubmitted: return "not submitted by " + clockText(test.minutes);
    case LateTest::Kind::notEnded: return "not ended by " + clockText(test.minutes);
    case LateTest::Kind::runsOver: return fmt::format("runs over {} minutes", test.minutes);
    case LateTest::Kind::ranUnder: return fmt::format("ran under {} minutes", test.minutes);
    }
    return {};
}

std::optional<LateTest> parseLateTest(llvm::StringRef text) {
    using Kind = LateTest::Kind;
    static constexpr std::pair<llvm::StringLiteral, Kind> clocks[] = {
        {"not submitted by ", Kind::notSubmitted}, {"not ended by ", Kind::notEnded}};
    static constexpr std::pair<llvm::StringLiteral, Kind> runs[] = {{"runs over ", Kind::runsOver},
                                                                    {"ran under ", Kind::ranUnder}};
    LateTest made;
    for (auto const& [words, kind] : clocks)
        if (text.consume_front(words)) {
            made.kind = kind;
            auto const [hours, minutes] = text.split(':');
            int32_t hour = 0, minute = 0;
            if (hours.size() != 2 || minutes.size() != 2 || !llvm::all_of(hours, llvm::isDigit) ||
                !llvm::all_of(minutes, llvm::isDigit) || hours.getAsInteger(10, hour) ||
                minutes.getAsInteger(10, minute) || hour > 23 || minute > 59)
                return std::nullopt;
            made.minutes = hour * 60 + minute;
            return made;
        }
    for (auto const& [words, kind] : runs)
        if (text.consume_front(words) && text.consume_back(" minutes")) {
            made.kind = kind;
            if (text.starts_with("0") || text.getAsInteger(10, made.minutes) || made.minutes < 1 ||
                made.minutes > longestRun)
                return std::nullopt;
            return made;
        }
    return std::nullopt;
}

std::optional<LateTest> readLateTest(Shout const& shout) {
    using When = Shout::When;
    LateTest made;
    llvm::StringRef time = shout.time.trim();
    int32_t offset = 0;
    llvm::StringRef const days = shout.days.trim();
    if (!days.empty() && (days.getAsInteger(10, offset) || offset != 0))
        return std::nullopt;
    if (shout.when == When::runsFor) {
        made.kind = time.consume_front(">") ? LateTest::Kind::runsOver : LateTest::Kind::ranUnder;
        if (made.kind == LateTest::Kind::ranUnder && !time.consume_front("<"))
            return std::nullopt; // a deviation from its average
        if (time.getAsInteger(10, made.minutes) || made.minutes < 1 || made.minutes > longestRun)
            return std::nullopt;
        return made;
    }
    std::string digits = time.str(); // hhmm or hh:mm
    if (digits.size() == 5 && digits[2] == ':')
        digits.erase(2, 1);
    int32_t clock = 0;
    if ((shout.when != When::notStartedBy && shout.when != When::notEndedBy) ||
        digits.size() != 4 || !llvm::all_of(digits, llvm::isDigit) ||
        llvm::StringRef(digits).getAsInteger(10, clock) || clock / 100 > 23 || clock % 100 > 59)
        return std::nullopt;
    made.kind =
        shout.when == When::notStartedBy ? LateTest::Kind::notSubmitted : LateTest::Kind::notEnded;
    made.minutes = clock / 100 * 60 + clock % 100;
    return made;
}

/// Is the text the same whenever it is read?
static bool isFixedText(Estate const& estate, JobId job, llvm::StringRef text) {
    VariablesUsed const used = variablesIn(text);
    if (!used.unclear.empty())
        return false;
    auto const isGiven = [&](llvm::StringRef name) {
        for (JobId at = job; at; at = estate.jobs[at].box) {
            OrderPolicy const& policy = estate.orderPolicies[estate.jobs[at].orders];
            if (setsItself(policy, name) ||
                llvm::any_of(policy.variables,
                             [&](OrderVariable const& one) { return plainName(one) == name; }))
                return true;
        }
        return false;
    };
    return llvm::all_of(used.names, [&](llvm::StringRef name) {
        return (isOfJob(name) || isFixed(name)) && !isGiven(name);
    });
}

std::optional<LateTest> lateTest(Estate const& estate, JobId id, Shout const& shout) {
    auto const test = readLateTest(shout);
    auto const policyOf = [&](JobId job) -> OrderPolicy const& {
        return estate.orderPolicies[estate.jobs[job].orders];
    };
    if (!test || estate.isContainer(id) || policyOf(id).isMainframe ||
        !isFixedText(estate, id, shout.destination) || !isFixedText(estate, id, shout.text))
        return std::nullopt;
    bool const isGroup = estate.isGroup(id);
    if (isGroup && test->kind != LateTest::Kind::notEnded)
        return std::nullopt;
    if (!test->isByClock())
        return test;
    // What is ordered once, and leaves with its folder only.
    for (JobId at = id; at && !estate.isContainer(at); at = estate.jobs[at].box)
        if (policyOf(at).isCyclic || policyOf(at).hasEnder)
            return std::nullopt;
    return test;
}

std::vector<llvm::StringRef> textsOfMessages(Estate const& estate, JobId job) {
    OrderPolicy const& policy = estate.orderPolicies[estate.jobs[job].orders];
    std::vector<llvm::StringRef> texts;
    for (EndRule const& rule : policy.rules)
        for (EndAction const& action : rule.actions)
            if (isMessage(action.kind))
                texts.insert(texts.end(), {action.destination, action.subject, action.text});
    for (Shout const& shout : policy.shouts)
        if (!endOf(shout.when).empty() || lateTest(estate, job, shout))
            texts.insert(texts.end(), {shout.destination, shout.text});
    return texts;
}

llvm::StringRef endOf(Shout::When when) {
    return when == Shout::When::ok ? "ended ok" : when == Shout::When::notOk ? "ended notok" : "";
}

} // namespace hoist::ir
