// Plans abstract problems, one JSON document a line: for the tests and the benchmark that compare
// with a solver of another house.
#include "analysis/migration/PlanConflict.h"
#include "analysis/migration/PlanProblem.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <iostream>
#include <map>
#include <string>

using namespace hoist::migration;
using Json = nlohmann::json;

static Problem readProblem(Json const& json) {
    static std::map<std::string, Rule::Kind> const kinds{
        {"together", Rule::Kind::together}, {"window", Rule::Kind::window},
        {"capacity", Rule::Kind::capacity}, {"variety", Rule::Kind::variety},
        {"order", Rule::Kind::order},       {"waves", Rule::Kind::waves}};
    Problem problem;
    problem.nodes = json.at("nodes");
    for (Json const& net : json.at("nets"))
        problem.nets.push_back({net.at("nodes"), net.at("weight")});
    for (Json const& row : json.at("rules")) {
        Rule rule;
        rule.kind = kinds.at(row.at("kind"));
        rule.nodes = row.value("nodes", std::vector<uint32_t>());
        rule.later = row.value("later", std::vector<uint32_t>());
        rule.amounts = row.value("amounts", std::vector<int64_t>());
        rule.labels = row.value("labels", std::vector<uint32_t>());
        rule.closed = row.value("closed", std::vector<uint32_t>());
        rule.limit = row.value("limit", int64_t{0});
        rule.first = row.value("first", 0u);
        rule.last = row.value("last", noWave);
        rule.isStrict = row.value("strict", false);
        problem.rules.push_back(std::move(rule));
    }
    problem.previous = json.value("previous", std::vector<uint32_t>());
    problem.keepCost = json.value("keep_cost", int64_t{0});
    problem.wavesAsked = json.value("waves_asked", 0u);
    return problem;
}

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        Json const json = Json::parse(line);
        Problem const problem = readProblem(json);
        SearchOptions options;
        options.moves = json.value("moves", uint64_t{0});
        auto const began = std::chrono::steady_clock::now();
        Solution const solution = solve(problem, options);
        std::chrono::duration<double> const seconds = std::chrono::steady_clock::now() - began;
        Json out{{"outcome", solution.outcome == Solution::Outcome::planned      ? "planned"
                             : solution.outcome == Solution::Outcome::infeasible ? "infeasible"
                                                                                 : "undecided"},
                 {"wave", solution.wave},
                 {"waves", solution.waves},
                 {"conflict", solution.conflict.rules},
                 {"smallest", solution.conflict.isSmallest},
                 {"seconds", seconds.count()}};
        if (solution.outcome == Solution::Outcome::planned) {
            out["cut"] = cutOf(problem, solution.wave);
            auto const broken = brokenRule(problem, solution.wave);
            out["broken"] = broken ? Json(*broken) : Json();
        }
        std::cout << out.dump() << '\n' << std::flush;
    }
}
