// The text of a message, written and read back.
#include "frontend/ir/Messages.h"

#include <llvm/ADT/StringSwitch.h>

namespace hoist::ir {

using Urgency = Message::Urgency;

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

llvm::StringRef endOf(Shout::When when) {
    return when == Shout::When::ok ? "ended ok" : when == Shout::When::notOk ? "ended notok" : "";
}

} // namespace hoist::ir
