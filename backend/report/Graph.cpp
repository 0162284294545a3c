// The graph as nodes and edges once, and its three spellings.
#include "backend/report/Graph.h"

#include "backend/report/Utf8.h"

#include <llvm/ADT/StringMap.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>
#include <utility>
#include <variant>
#include <vector>

namespace hoist::report {
namespace {

struct Node {
    std::string id;    ///< "n0": safe everywhere
    std::string label; ///< the legacy name, any bytes
    std::string kind;  ///< "job", "box", "external", "variable", "resource" …
    int parent = -1;   ///< index of the enclosing box
    std::vector<int> members;
    std::string workflow;
};

struct Edge {
    int from = 0, to = 0;
    std::string kind;      ///< "start", "success" (box_success), "failure" (box_failure), or what
                           ///< else the dependency is
    std::string condition; ///< the atoms, in the language of docs/runtime.md; paths, variables …
    bool crossesWorkflows = false, isSoft = false;
};

class Graph {
public:
    Graph(ir::Estate const& model, std::vector<migration::Dependency> const& found)
        : estate(model) {
        for (ir::JobId id : estate.jobs.ids()) {
            ir::Job const& job = estate.jobs[id];
            add(job.name, job.group ? "box" : "job");
            if (job.workflow)
                nodes.back().workflow =
                    toUtf8(estate.jobs[estate.workflows[job.workflow].root].name);
        }
        for (ir::JobId id : estate.jobs.ids())
            if (ir::JobId const box = estate.jobs[id].box) {
                nodes[id.value].parent = static_cast<int>(box.value);
                nodes[box.value].members.push_back(static_cast<int>(id.value));
            }
        for (migration::Dependency const& each : found)
            addEdge(each);
    }

    std::vector<Node> nodes;
    std::vector<Edge> edges;

private:
    int add(llvm::StringRef label, llvm::StringRef kind) {
        nodes.push_back(
            {"n" + std::to_string(nodes.size()), toUtf8(label), kind.str(), -1, {}, {}});
        return static_cast<int>(nodes.size()) - 1;
    }

    /// What is no job of the estate, or shared, is a node of its own for each kind and name.
    int producerOf(migration::Dependency const& each) {
        if (each.producer)
            return static_cast<int>(each.producer.value);
        bool const namesJob = each.kind == migration::DependencyKind::status ||
                              each.kind == migration::DependencyKind::exclusion ||
                              each.kind == migration::DependencyKind::exitCode;
        llvm::StringRef const kind = namesJob ? "external" : migration::toString(each.kind);
        auto const [it, isNew] = outside.try_emplace((kind + " " + each.object).str(), 0);
        if (isNew)
            it->second = add(each.object, kind);
        return it->second;
    }

    void addEdge(migration::Dependency const& each) {
        int const from = producerOf(each), to = static_cast<int>(each.consumer.value);
        if (to != consumer) {
            consumer = to;
            ofConsumer.clear();
        }
        llvm::StringRef const kind = !each.inCondition ? migration::toString(each.kind)
                                     : each.role == analysis::ConditionRole::success ? "success"
                                     : each.role == analysis::ConditionRole::failure ? "failure"
                                                                                     : "start";
        auto const [it, isNew] = ofConsumer.try_emplace({from, kind.str()}, edges.size());
        if (isNew)
            edges.push_back({from,
                             to,
                             kind.str(),
                             {},
                             each.crosses(),
                             each.strength == migration::Strength::soft});
        std::string& text = edges[it->second].condition;
        text += (text.empty() ? "" : ", ") + toUtf8(each.text);
    }

    ir::Estate const& estate;
    llvm::StringMap<int> outside;
    int consumer = -1;
    std::map<std::pair<int, std::string>, size_t> ofConsumer; ///< several atoms on one job are one
};

/// What stands on an arrow.
std::string labelOf(Edge const& edge) {
    if (edge.kind == "start")
        return edge.condition;
    bool const isBox = edge.kind == "success" || edge.kind == "failure";
    return (isBox ? "box " : "") + edge.kind + ": " + edge.condition;
}

/// Visits the forest of boxes depth first without recursion: nesting is the input's.
template <class Enter, class Leave>
void walk(Graph const& graph, Enter enter, Leave leave) {
    for (size_t root = 0; root < graph.nodes.size(); ++root) {
        if (graph.nodes[root].parent >= 0)
            continue;
        std::vector<std::pair<size_t, size_t>> stack{{root, 0}};
        enter(graph.nodes[root], size_t(0));
        while (!stack.empty()) {
            auto& [at, next] = stack.back();
            Node const& node = graph.nodes[at];
            if (next < node.members.size()) {
                auto const member = static_cast<size_t>(node.members[next++]);
                enter(graph.nodes[member], stack.size());
                stack.emplace_back(member, 0);
            } else {
                leave(node, stack.size() - 1);
                stack.pop_back();
            }
        }
    }
}

std::string indent(size_t depth) { return std::string(2 * std::min<size_t>(depth + 1, 40), ' '); }

std::string dot(Graph const& graph) {
    std::string out = "digraph hoist {\n  rankdir=LR;\n  compound=true;\n  node [shape=box];\n";
    walk(
        graph,
        [&](Node const& node, size_t depth) {
            if (node.kind == "box") {
                out += fmt::format("{}subgraph cluster_{} {{\n{}label={};\n", indent(depth),
                                   node.id, indent(depth + 1), quoteDot(node.label));
                // The anchor of the edges of the box itself.
                out += fmt::format("{}{} [label={}, style=bold];\n", indent(depth + 1), node.id,
                                   quoteDot(node.label));
            } else {
                char const* const look = node.kind == "job"        ? ""
                                         : node.kind == "external" ? ", style=dashed"
                                                                   : ", shape=ellipse";
                out += fmt::format("{}{} [label={}{}];\n", indent(depth), node.id,
                                   quoteDot(node.label), look);
            }
        },
        [&](Node const& node, size_t depth) {
            if (node.kind == "box")
                out += indent(depth) + "}\n";
        });
    for (Edge const& edge : graph.edges)
        out += fmt::format("  {} -> {} [label={}{}{}];\n",
                           graph.nodes[static_cast<size_t>(edge.from)].id,
                           graph.nodes[static_cast<size_t>(edge.to)].id, quoteDot(labelOf(edge)),
                           edge.isSoft             ? ", style=dotted"
                           : edge.crossesWorkflows ? ", style=dashed"
                                                   : "",
                           edge.kind == "start" ? "" : ", color=gray");
    return out + "}\n";
}

std::string mermaid(Graph const& graph) {
    std::string out = "flowchart LR\n";
    walk(
        graph,
        [&](Node const& node, size_t depth) {
            if (node.kind == "box")
                out += fmt::format("{}subgraph {}[{}]\n", indent(depth), node.id,
                                   quoteMermaid(node.label));
            else if (node.kind == "job")
                out += fmt::format("{}{}[{}]\n", indent(depth), node.id, quoteMermaid(node.label));
            else
                out +=
                    fmt::format("{}{}([{}])\n", indent(depth), node.id, quoteMermaid(node.label));
        },
        [&](Node const& node, size_t depth) {
            if (node.kind == "box")
                out += indent(depth) + "end\n";
        });
    for (Edge const& edge : graph.edges)
        out +=
            fmt::format("  {} {}|{}| {}\n", graph.nodes[static_cast<size_t>(edge.from)].id,
                        edge.crossesWorkflows || edge.kind != "start" ? "-.->" : "-->",
                        quoteMermaid(labelOf(edge)), graph.nodes[static_cast<size_t>(edge.to)].id);
    return out;
}

std::string json(Graph const& graph) {
    using Json = nlohmann::ordered_json;
    Json nodes = Json::array(), edges = Json::array();
    for (Node const& node : graph.nodes) {
        Json entry{{"id", node.id}, {"name", node.label}, {"kind", node.kind}};
        if (node.parent >= 0)
            entry["box"] = graph.nodes[static_cast<size_t>(node.parent)].id;
        if (!node.workflow.empty())
            entry["workflow"] = node.workflow;
        nodes.push_back(std::move(entry));
    }
    for (Edge const& edge : graph.edges)
        edges.push_back({{"from", graph.nodes[static_cast<size_t>(edge.from)].id},
                         {"to", graph.nodes[static_cast<size_t>(edge.to)].id},
                         {"kind", edge.kind},
                         {"condition", edge.condition},
                         {"crosses_workflows", edge.crossesWorkflows}});
    Json const document{{"format", "hoist-graph"},
                        {"version", 1},
                        {"nodes", std::move(nodes)},
                        {"edges", std::move(edges)}};
    return document.dump(2) + "\n";
}

} // namespace

std::string quoteDot(llvm::StringRef bytes) {
    std::string out = "\"";
    for (char const c : printable(bytes)) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string quoteMermaid(llvm::StringRef bytes) {
    std::string out = "\"";
    for (char const c : printable(bytes)) {
        if (llvm::StringRef("\"#&<>;`|[](){}\\").contains(c))
            out += fmt::format("#{};", static_cast<int>(c));
        else
            out += c;
    }
    return out + "\"";
}

std::string graph(ir::Estate const& estate, std::vector<migration::Dependency> const& found,
                  GraphFormat format) {
    Graph const made(estate, found);
    switch (format) {
    case GraphFormat::dot: return dot(made);
    case GraphFormat::mermaid: return mermaid(made);
    case GraphFormat::json: return json(made);
    }
    return {};
}

std::string graph(ir::Estate const& estate, GraphFormat format) {
    std::vector<migration::Dependency> found = migration::dependencies(estate);
    std::erase_if(found, [](migration::Dependency const& each) { return !each.inCondition; });
    return graph(estate, found, format);
}

} // namespace hoist::report
