// parseWhen is the inverse of Conditions::print, and finds the atoms of the definitions again.
#include "analysis/target/When.h"

#include <gtest/gtest.h>

#include <random>

using namespace hoist;
using ir::Atom;
using ir::ExprId;
using ir::Scope;

namespace {

class RandomConditions {
public:
    explicit RandomConditions(unsigned seed) : random(seed) {}

    ExprId make(ir::Estate& estate, unsigned depth) {
        if (depth == 0 || pick(3) == 0)
            return pick(12) == 0 ? estate.conditions.constant(pick(2) == 0)
                                 : estate.conditions.atom(atom(estate));
        std::vector<ExprId> operands;
        for (unsigned n = 2 + pick(3); n > 0; --n)
            operands.push_back(make(estate, depth - 1));
        return pick(2) == 0 ? estate.conditions.all(operands) : estate.conditions.any(operands);
    }

private:
    unsigned pick(unsigned below) { return static_cast<unsigned>(random() % below); }

    llvm::StringRef text(ir::Estate& estate) {
        static constexpr llvm::StringLiteral bytes = "aZ0_.#- \\\"()&|^,:=<\t\n\xC3\xA4\x80";
        std::string made;
        for (unsigned n = 1 + pick(6); n > 0; --n)
            made += bytes[pick(static_cast<unsigned>(bytes.size()))];
        return estate.save(made);
    }

    Atom fact(ir::Estate& estate, Atom made) {
        static constexpr Scope::Kind dates[] = {
            Scope::Kind::sameCycle,       Scope::Kind::previousOrderDate,
            Scope::Kind::nextOrderDate,   Scope::Kind::anyOrderDate,
            Scope::Kind::noDate,          Scope::Kind::literalDate,
            Scope::Kind::shiftedOrderDate};
        made.kind = Atom::Kind::fact;
        made.scope.kind = dates[pick(7)];
        if (made.scope.kind == Scope::Kind::literalDate)
            made.scope.offset = static_cast<int32_t>(pick(1300));
        else if (made.scope.kind == Scope::Kind::shiftedOrderDate)
            made.scope.offset = static_cast<int32_t>(pick(400)) - 200;
        if (pick(3) == 0)
            made.instance = text(estate);
        return made;
    }

    Atom atom(ir::Estate& estate) {
        Atom made;
        made.name = text(estate);
        switch (pick(8)) {
        case 7: return fact(estate, made);
        case 0: made.kind = Atom::Kind::variable; break;
        case 1: made.kind = Atom::Kind::exitCode; break;
        case 2: made.outcomes = ir::succeeded; break;
        case 3: made.outcomes = ir::failed; break;
        case 4: made.outcomes = ir::terminated; break;
        case 5: made.outcomes = ir::done; break;
        default: made.outcomes = ir::notRunning; break;
        }
        if (made.kind != Atom::Kind::status)
            made.op = static_cast<ir::Compare>(pick(6));
        if (made.kind == Atom::Kind::variable) {
            made.text = text(estate);
            return made;
        }
        if (made.kind == Atom::Kind::exitCode)
            made.number = static_cast<int64_t>(pick(1000)) - 500;
        if (pick(4) == 0)
            made.instance = text(estate);
        if (pick(3) == 0)
            made.scope = {Scope::Kind::sinceOwnLastRun, 0, 0};
        else if (pick(3) == 0)
            made.scope = {Scope::Kind::window, 1 + pick(9998 * 60), 0};
        return made;
    }

    std::mt19937 random;
};

std::string errorOf(llvm::StringRef text) {
    ir::Estate estate;
    std::string error;
    return target::parseWhen(text, estate, error) ? "" : error;
}

std::string again(llvm::StringRef text) {
    ir::Estate estate;
    std::string error;
    auto const found = target::parseWhen(text, estate, error);
    return found ? estate.conditions.print(*found) : error;
}

} // namespace

TEST(When, IsTheInverseOfPrint) {
    for (unsigned seed = 0; seed < 3000; ++seed) {
        ir::Estate estate;
        ExprId const made = RandomConditions(seed).make(estate, seed % 5);
        std::string const printed = estate.conditions.print(made);
        size_t const before = estate.conditions.size();
        std::string error;
        auto const found = target::parseWhen(printed, estate, error);
        ASSERT_TRUE(found) << seed << ": " << printed << ": " << error;
        EXPECT_EQ(*found, made) << seed << ": " << printed << " became "
                                << estate.conditions.print(*found);
        EXPECT_EQ(estate.conditions.size(), before) << "nothing of it is new: " << printed;
    }
}

TEST(When, NewAtomsKnowTheirJobs) {
    ir::Estate estate;
    ir::JobId const job = estate.jobs.add();
    estate.jobByName["a"] = job;
    std::string error;
    auto const atomOf = [&](llvm::StringRef text) {
        return estate.conditions.atomOf(*target::parseWhen(text, estate, error));
    };
    EXPECT_EQ(atomOf("s(a)").job, job);
    EXPECT_FALSE(atomOf("s(a^PRD)").job.isValid());
    EXPECT_FALSE(atomOf("v(a) = 1").job.isValid());
    EXPECT_FALSE(atomOf("s(b)").job.isValid());
}

TEST(When, ReadsWhatPeopleWrite) {
    EXPECT_EQ(again("  S( a )&((f(b,0)|T(c , 1.30)))  "), "s(a) & (f(b, 0) | t(c, 01.30))");
    EXPECT_EQ(again("e(a)>=-3 & v(GO)=Y-1"), "e(a) >= -3 & v(GO) = \"Y-1\"");
    EXPECT_EQ(again("s(a, 24) | d(b, 9999)"), "s(a, 24.00) | d(b, 9999)"); // JIL-072
    EXPECT_EQ(again("true & s(a)"), "true & s(a)");
    EXPECT_EQ(again("fact( X-OK^S , previous order date ) & fact(Y, order date -2)"),
              "fact(X-OK^S, previous order date) & fact(Y, order date -2)");
    EXPECT_EQ(again("fact(X, yesterday)"), "expected a date of a fact at offset 8");
    EXPECT_EQ(again("s(a b)"), "expected `)` at offset 4");
}

TEST(When, SaysWhatIsWrong) {
    EXPECT_EQ(errorOf(""), "expected an atom or `(` at offset 0");
    EXPECT_EQ(errorOf("s(a) & s(b) | s(c)"), "`&` and `|` mixed without parentheses at offset 12");
    EXPECT_EQ(errorOf("(s(a)"), "`(` is not closed at offset 0");
    EXPECT_EQ(errorOf("s(a))"), "`)` without `(` at offset 4");
    EXPECT_EQ(errorOf("x(a)"), "unknown function `x` at offset 0");
    EXPECT_EQ(errorOf("s(a, 1.5)"), "expected a look-back, hours or hours.minutes at offset 5");
    EXPECT_EQ(errorOf("s(a, 1.60)"), "expected a look-back, hours or hours.minutes at offset 5");
    EXPECT_EQ(errorOf("v(a, 1) = 2"), "a variable has no look-back at offset 3");
    EXPECT_EQ(errorOf("v(a) = \"x"), "a quoted value is not closed at offset 7");
    EXPECT_EQ(errorOf("e(a) = x"), "expected an integer exit code at offset 7");
    EXPECT_EQ(errorOf("s()"), "expected a name at offset 2");
}

TEST(When, DepthIsALimit) {
    std::string const inside = "s(a)";
    auto const nested = [&](size_t depth) {
        return std::string(depth, '(') + inside + std::string(depth, ')');
    };
    EXPECT_EQ(errorOf(nested(1000)), "");
    EXPECT_EQ(errorOf(nested(1001)), "nested deeper than 1000 at offset 1001");
    EXPECT_EQ(errorOf(nested(200000)), "nested deeper than 1000 at offset 1001");
}

TEST(When, EveryTruncationIsAnErrorOrACondition) {
    std::string const whole = "(s(a\\ b, 01.30) | e(c^P) != -12) & v(GO) = \"x\\\"y\" & n(d)";
    ASSERT_EQ(errorOf(whole), "");
    for (size_t length = 0; length < whole.size(); ++length) {
        std::string const cut = whole.substr(0, length);
        std::string const error = errorOf(cut);
        if (error.empty()) {
            EXPECT_EQ(errorOf(again(cut)), "") << cut;
        }
    }
}
