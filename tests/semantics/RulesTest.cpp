// Which rules an end fires, in C++ against the vectors that the Python shims are held to
// (CTM-070…076), and the words for what a rule asks and whom it tells.
#include "analysis/semantics/orders/Rules.h"
#include "analysis/semantics/orders/OutputPattern.h"
#include "frontend/ir/Messages.h"

#include <llvm/ADT/StringSwitch.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <deque>
#include <fstream>

using namespace hoist;
using Action = ir::EndAction::Kind;

namespace {

/// Of a fact the name stands in `text`.
ir::EndAction actionOf(llvm::StringRef text) {
    ir::EndAction made;
    made.kind = llvm::StringSwitch<Action>(text)
                    .Case("ok", Action::setOk)
                    .Case("notok", Action::setNotOk)
                    .Case("rerun", Action::rerun)
                    .Case("stop", Action::stopCyclic)
                    .Default(Action::changeFact);
    made.text = text;
    return made;
}

} // namespace

TEST(Rules, CTM070_FireAsTheVectorsSay) {
    std::ifstream in(HOIST_SOURCE_DIR "/tests/vectors/ending.json");
    nlohmann::json const vectors = nlohmann::json::parse(in);
    size_t judged = 0;
    for (auto const& one : vectors["cases"]) {
        std::deque<std::string> texts;
        auto const kept = [&](nlohmann::json const& text) -> llvm::StringRef {
            return texts.emplace_back(text.get<std::string>());
        };
        ir::OrderPolicy policy;
        for (auto const& given : one["rules"]) {
            ir::EndRule rule;
            auto const test = ir::parseEndTest(kept(given["on"]));
            ASSERT_TRUE(test) << given;
            EXPECT_EQ(ir::toText(*test), given["on"].get<std::string>());
            rule.test = *test;
            for (auto const& action : given["do"])
                rule.actions.push_back(actionOf(kept(action)));
            policy.rules.push_back(rule);
        }
        for (auto const& given : one["ends"]) {
            semantics::End end;
            std::string const output = given.value("output", "");
            if (!given.contains("signal"))
                end.exitCode = given["code"].get<int64_t>();
            end.isOk = given.contains("bad") ? !given["bad"].get<bool>() : end.exitCode == 0;
            end.runs = given.value("runs", 1);
            end.reruns = given.value("reruns", 0);
            end.failures = given.value("failures", 0);
            end.output = output;
            semantics::FiredRules const fired = semantics::firedRules(policy, end);
            std::string actions;
            for (ir::EndRule const* rule : fired.rules)
                for (ir::EndAction const& action : rule->actions)
                    actions += (actions.empty() ? "" : " ") + action.text.str();
            EXPECT_EQ(fired.isOk, given["ok"].get<bool>()) << one["why"] << given;
            EXPECT_EQ(actions, given["actions"].get<std::string>()) << one["why"] << given;
            ++judged;
        }
    }
    EXPECT_GT(judged, 30u);
}

TEST(Rules, WhatIsNoTestIsNotRead) {
    for (char const* text : {"", "code", "code 4", "code ~ 4", "code = x", "code = 4 ", "codes = 4",
                             "output", "output ", "OK", "runs  > 1", "failures evens"})
        EXPECT_FALSE(ir::parseEndTest(text)) << text;
}

TEST(Rules, LinesThatMatchDo) {
    for (char const* pattern : {"*", "*a*", "a?b", "*a$*b*", "**"})
        for (std::string const& line : semantics::linesThatMatch(pattern, 'x'))
            EXPECT_TRUE(semantics::isInOutput(pattern, line)) << pattern << line;
}

TEST(Rules, CTM078_MessagesAreReadAsTheVectorsSay) {
    std::ifstream in(HOIST_SOURCE_DIR "/tests/vectors/messages.json");
    nlohmann::json const vectors = nlohmann::json::parse(in);
    for (auto const& one : vectors["cases"]) {
        std::string const text = one["text"];
        auto const found = ir::parseMessage(text);
        ASSERT_TRUE(found) << text;
        EXPECT_EQ(found->destination, one["whom"].get<std::string>()) << text;
        EXPECT_EQ(ir::toText(found->urgency), one["urgency"].get<std::string>()) << text;
        EXPECT_EQ(found->text, one["said"].get<std::string>()) << text;
        EXPECT_EQ(ir::toText(*found), text);
    }
    EXPECT_GT(vectors["cases"].size(), 10u);
    for (auto const& one : vectors["others"])
        EXPECT_FALSE(ir::parseMessage(one.get<std::string>())) << one;
}

TEST(Rules, CTM078_WhatIsAskedAtATimeIsReadBack) {
    for (char const* text : {"not submitted by 11:30", "not ended by 00:00", "runs over 1 minutes",
                             "ran under 999 minutes"}) {
        auto const found = ir::parseLateTest(text);
        ASSERT_TRUE(found) << text;
        EXPECT_EQ(ir::toText(*found), text);
    }
    for (char const* text :
         {"", "not ended by 24:00", "not ended by 1:00", "not ended by 11:60", "not ended by 11:3x",
          "not ended by 00:-5", "not ended by -1:00", "runs over 0 minutes", "runs over 05 minutes",
          "runs over 1000 minutes", "runs over -1 minutes", "ran under 5 minutes ",
          "ended by 11:30"})
        EXPECT_FALSE(ir::parseLateTest(text)) << text;
}

TEST(Rules, CTM078_AMailsSubjectIsItsFirstLine) {
    ir::EndAction mail;
    mail.kind = Action::mail;
    mail.destination = "ops";
    mail.urgency = "V";
    mail.subject = "the night";
    EXPECT_EQ(ir::toText(ir::messageOf(mail)), "tell ops (very urgent): the night");
    mail.text = "failed";
    EXPECT_EQ(ir::toText(ir::messageOf(mail)), "tell ops (very urgent): the night\nfailed");
}
