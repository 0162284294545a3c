// The graph as nodes and edges once, and its three spellings.
#include "backend/report/Graph.h"

#include "backend/report/Utf8.h"

#include <llvm/ADT/SmallVector.h>
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
    std::string kind;  ///< "job", "box", "external", "variable", "fact"
    int parent = -1;   ///< index of the enclosing box
    std::vector<int> members;
    std::string workflow;
};

struct Edge {
    int from = 0, to = 0;
    std::string kind;      ///< "start", "success" (box_success), "failure" (box_failure), "adds"
    std::string condition; ///< the atoms, in the language of docs/runtime.md
    bool crossesWorkflows = false;
};

class Graph {
public:
    explicit Graph(ir::Estate const& model) : estate(model) {
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
        for (ir::JobId id : estate.jobs.ids())
            for (ir::FactChange const& change : estate.jobs[id].factChanges)
                if (change.adds) {
                    auto& jobs = adders[change.name];
                    if (jobs.empty() || jobs.back() != id)
                        jobs.push_back(id);
                }
        for (ir::JobId id : estate.jobs.ids())
            addEdges(id);
    }

    std::vector<Node> nodes;
    std::vector<Edge> edges;

private:
    int add(llvm::StringRef label, llvm::StringRef kind) {
        nodes.push_back(
            {"n" + std::to_string(nodes.size()), toUtf8(label), kind.str(), -1, {}, {}});
        return static_cast<int>(nodes.size()) - 1;
    }

    /// A fact that one job adds is an edge from that job; with more of them, or none, it is a node
    /// of its own, so that many times many stays many plus many.
    int producerOfFact(llvm::StringRef name) {
        auto const known = adders.find(name);
        if (known != adders.end() && known->second.size() == 1)
            return static_cast<int>(known->second.front().value);
        auto const [it, isNew] = outside.try_emplace(("f" + name).str(), 0);
        if (isNew) {
            it->second = add(name, "fact");
            if (known != adders.end())
                for (ir::JobId const job : known->second)
                    edges.push_back({static_cast<int>(job.value), it->second, "adds", {}, false});
        }
        return it->second;
    }

    int producerOf(ir::Atom const& atom) {
        if (atom.kind == ir::Atom::Kind::fact)
            return producerOfFact(atom.name);
        if (atom.job && atom.instance.empty())
            return static_cast<int>(atom.job.value);
        bool const isVariable = atom.kind == ir::Atom::Kind::variable;
        std::string const label = atom.fullName();
        auto const [it, isNew] = outside.try_emplace((isVariable ? "v" : "j") + label, 0);
        if (isNew)
            it->second = add(label, isVariable ? "variable" : "external");
        return it->second;
    }

    void addEdges(ir::JobId id) {
        ir::Job const& job = estate.jobs[id];
        addEdges(id, job.condition, "start");
        if (job.group) {
            addEdges(id, estate.groups[job.group].success, "success");
            addEdges(id, estate.groups[job.group].failure, "failure");
        }
    }

    void addEdges(ir::JobId id, ir::ConditionRef const& condition, llvm::StringRef kind) {
        if (!condition)
            return;
        std::map<int, size_t> byProducer; // several atoms on one job are one edge
        estate.conditions.forEachAtom(condition.expr, [&](ir::AtomId at) {
            ir::Atom const& atom = estate.conditions[at];
            int const from = producerOf(atom);
            auto const [it, isNew] = byProducer.try_emplace(from, edges.size());
            if (isNew)
                edges.push_back(
                    {from, static_cast<int>(id.value), kind.str(), {}, crosses(from, id)});
            std::string& text = edges[it->second].condition;
            text += (text.empty() ? "" : ", ") + toUtf8(estate.conditions.print(atom));
        });
    }

    bool crosses(int from, ir::JobId to) const {
        if (static_cast<size_t>(from) >= estate.jobs.size())
            return true;
        return estate.jobs[ir::JobId(static_cast<size_t>(from))].workflow !=
               estate.jobs[to].workflow;
    }

    ir::Estate const& estate;
    llvm::StringMap<int> outside;
    llvm::StringMap<llvm::SmallVector<ir::JobId, 1>> adders; ///< of each fact
};

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

/// What an edge says before its condition.
std::string lead(Edge const& edge) {
    if (edge.kind == "start")
        return "";
    return edge.kind == "adds" ? "adds" : "box " + edge.kind + ": ";
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
        out += fmt::format(
            "  {} -> {} [label={}{}{}];\n", graph.nodes[static_cast<size_t>(edge.from)].id,
            graph.nodes[static_cast<size_t>(edge.to)].id, quoteDot(lead(edge) + edge.condition),
            edge.crossesWorkflows ? ", style=dashed" : "",
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
        out += fmt::format("  {} {}|{}| {}\n", graph.nodes[static_cast<size_t>(edge.from)].id,
                           edge.crossesWorkflows || edge.kind != "start" ? "-.->" : "-->",
                           quoteMermaid(lead(edge) + edge.condition),
                           graph.nodes[static_cast<size_t>(edge.to)].id);
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

std::string graph(ir::Estate const& estate, GraphFormat format) {
    Graph const made(estate);
    switch (format) {
    case GraphFormat::dot: return dot(made);
    case GraphFormat::mermaid: return mermaid(made);
    case GraphFormat::json: return json(made);
    }
    return {};
}

} // namespace hoist::report
