// The graph in its three spellings; names stay data in each.
#include "backend/report/Graph.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <random>

using namespace hoist;

namespace {

std::string randomName(std::mt19937& random) {
    std::string name(random() % 12, ' ');
    for (char& c : name)
        c = random() % 2 ? "\"\\\n\r\t<>&#;]|)}`%{[("[random() % 18] : static_cast<char>(random());
    return name;
}

} // namespace

TEST(Graph, BoxesAreClustersAndForeignJobsAreDashed) {
    ir::Estate estate;
    ir::JobId const box = estate.jobs.add(), load = estate.jobs.add();
    estate.jobs[box].name = "NIGHT";
    estate.jobs[box].group = estate.groups.add();
    estate.jobs[load].name = "LOAD";
    estate.jobs[load].box = box;
    ir::Atom atom;
    atom.outcomes = ir::succeeded;
    atom.name = "FEED";
    atom.instance = "PRD";
    estate.jobs[load].condition.expr = estate.conditions.atom(atom);
    EXPECT_EQ(
        report::graph(estate, report::GraphFormat::dot),
        "digraph hoist {\n  rankdir=LR;\n  compound=true;\n  node [shape=box];\n"
        "  subgraph cluster_n0 {\n    label=\"NIGHT\";\n    n0 [label=\"NIGHT\", style=bold];\n"
        "    n1 [label=\"LOAD\"];\n  }\n"
        "  n2 [label=\"FEED^PRD\", style=dashed];\n"
        "  n2 -> n1 [label=\"s(FEED^PRD)\", style=dashed];\n}\n");
    EXPECT_EQ(
        report::graph(estate, report::GraphFormat::mermaid),
        "flowchart LR\n  subgraph n0[\"NIGHT\"]\n    n1[\"LOAD\"]\n  end\n  n2([\"FEED^PRD\"])\n"
        "  n2 -.->|\"s#40;FEED^PRD#41;\"| n1\n");
    auto const json = nlohmann::json::parse(report::graph(estate, report::GraphFormat::json));
    EXPECT_EQ(json["nodes"][1]["box"], "n0");
    EXPECT_EQ(json["edges"][0]["condition"], "s(FEED^PRD)");
}

// No name closes its own string or begins a line.
TEST(Graph, HostileNamesStayData) {
    std::mt19937 random(11);
    for (int round = 0; round < 5'000; ++round) {
        std::string const name = randomName(random);
        std::string const dot = report::quoteDot(name);
        bool isEscaped = false;
        for (size_t i = 1; i + 1 < dot.size(); ++i) {
            EXPECT_FALSE(!isEscaped && dot[i] == '"') << dot;
            EXPECT_GE(static_cast<unsigned char>(dot[i]), 0x20) << dot;
            isEscaped = !isEscaped && dot[i] == '\\';
        }
        EXPECT_FALSE(isEscaped) << dot;
        std::string const mermaid = report::quoteMermaid(name);
        EXPECT_EQ(mermaid.find_first_of("\"<>`|[](){}\\\n\r", 1), mermaid.size() - 1) << mermaid;
    }
}
