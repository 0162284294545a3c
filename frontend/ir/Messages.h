// Who is told what when an entity of Control-M ends (CTM-073, CTM-078): the same for the lowering,
// the player and the verifier. hoist_airflow/ledger/effects.py reads the text;
// tests/vectors/messages.json holds both to it.
#pragma once

#include "frontend/ir/Estate.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hoist::ir {

/// DOMAIL, DOSHOUT, SHOUT: a destination and a text, in both of which variables may stand.
struct Message {
    std::string destination; ///< empty: nobody is named
    enum class Urgency : uint8_t { regular, urgent, veryUrgent } urgency = Urgency::regular;
    std::string text; ///< of a mail the subject is the first line
};

/// A ticket is none: what it needs beside a text, no other system knows.
constexpr bool isMessage(EndAction::Kind kind) {
    return kind == EndAction::Kind::mail || kind == EndAction::Kind::shout;
}
Message messageOf(EndAction const& action);
Message messageOf(Shout const& shout);

/// Nothing where it is regular.
llvm::StringRef toText(Message::Urgency urgency);
/// The letter of a definition.
llvm::StringRef letterOf(Message::Urgency urgency);

/// `tell ops@example.com (urgent): Load of %%ODATE failed`. In the destination a backslash stands
/// in front of what would end it; the text is all that is left.
std::string toText(Message const& message);
/// Its inverse. Nothing: it is no such text.
std::optional<Message> parseMessage(llvm::StringRef text);

/// Does a message of a rule with this test have a form? `hasCodes`: its task has an exit code and
/// an output.
bool canTell(EndTest const& test, bool hasCodes);

/// SHOUT at a time, as keys of `late` of the shims have it: `not submitted by 11:30`, `not ended by
/// 23:00`, `runs over 30 minutes`, `ran under 5 minutes`.
struct LateTest {
    enum class Kind : uint8_t { notSubmitted, notEnded, runsOver, ranUnder };
    Kind kind = Kind::notSubmitted;
    int32_t minutes = 0; ///< of the business day, or of a run

    bool isByClock() const { return kind == Kind::notSubmitted || kind == Kind::notEnded; }
    bool operator==(LateTest const&) const = default;
};
std::string toText(LateTest const& test);
std::optional<LateTest> parseLateTest(llvm::StringRef text);
/// What the SHOUT itself asks; nothing: it has no form.
std::optional<LateTest> readLateTest(Shout const& shout);
/// Nothing: it is no SHOUT at a time, or one that has no form: against a statistical average, on
/// another day, with a text that is another one at another moment, of what is ordered again, or of
/// what an END_FOLDER may end.
std::optional<LateTest> lateTest(Estate const& estate, JobId job, Shout const& shout);

/// The texts of the messages of an entity: of all in rules, and of those SHOUTs that have a form.
std::vector<llvm::StringRef> textsOfMessages(Estate const& estate, JobId job);

/// SHOUT WHEN OK or NOTOK: asked behind all rules, in `rules` of the shims as this test. Empty: at
/// another time.
llvm::StringRef endOf(Shout::When when);

} // namespace hoist::ir
