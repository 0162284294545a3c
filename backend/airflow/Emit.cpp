// Printing a DAG: imports, the DAG, its tasks in the order of the definition, then its edges.
#include "backend/airflow/Emit.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <set>

namespace hoist::airflow {

llvm::StringRef toString(TriggerRule rule) {
    switch (rule) {
    case TriggerRule::allSuccess: return "all_success";
    case TriggerRule::allDone: return "all_done";
    case TriggerRule::oneSuccess: return "one_success";
    case TriggerRule::noneFailed: return "none_failed";
    }
    return "all_success";
}

namespace {

// Deeper boxes are written flat (AF-063: Python allows 20 nested `with` blocks).
constexpr unsigned deepestWith = 6;

} // namespace

static bool isPythonWord(llvm::StringRef word) {
    return llvm::StringSwitch<bool>(word)
        .Cases("and", "as", "assert", "async", "await", "break", "class", "continue", "def", true)
        .Cases("del", "elif", "else", "except", "finally", "for", "from", "global", "if", true)
        .Cases("import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", true)
        .Cases("return", "try", "while", "with", "yield", "match", "case", "type", true)
        .Cases("calendars", "crontab", "legacy", "legacy_calendar", "print", "id", "list", "dict",
               true)
        .Cases("order_dates", "order_days", "ordered", true)
        .Default(false);
}

std::string pythonName(llvm::StringRef id) {
    std::string name;
    for (char c : id)
        name += llvm::isAlnum(c) ? llvm::toLower(c) : '_';
    if (name.empty() || llvm::isDigit(name.front()))
        name.insert(0, "job_");
    if (isPythonWord(name) || name == "_")
        name += '_';
    return name;
}

namespace {

class Printer {
public:
    explicit Printer(Dag givenDag)
        : dag(std::move(givenDag)), taskVariables(dag.tasks.size()), boxVariables(dag.boxes.size()),
          isUsed(dag.tasks.size()), isBoxUsed(dag.boxes.size()), hasContent(dag.boxes.size()) {}

    std::string run() {
        findUses();
        nameVariables();
        printDocstring();
        printImports();
        printDag();
        return std::move(out);
    }

private:
    void findUses() {
        for (Node node : dag.order) {
            Nodes const& upstream =
                node.task ? dag.tasks[node.task].upstream : dag.boxes[node.box].upstream;
            for (Node from : upstream)
                use(from);
            if (!upstream.empty())
                use(node);
        }
        for (Task const& task : dag.tasks)
            if (task.box)
                hasContent[task.box.value] = true;
        for (BoxGroup const& box : dag.boxes)
            if (box.parent)
                hasContent[box.parent.value] = true;
        for (BoxId id : dag.boxes.ids())
            if (dag.boxes[id].depth > deepestWith && dag.boxes[id].parent)
                isBoxUsed[dag.boxes[id].parent.value] = true;
        for (Task const& task : dag.tasks)
            if (task.box && dag.boxes[task.box].depth > deepestWith)
                isBoxUsed[task.box.value] = true;
    }
    void use(Node node) {
        if (node.task)
            isUsed[node.task.value] = true;
        else
            isBoxUsed[node.box.value] = true;
    }

    void nameVariables() {
        // Plain Airflow operators first: ruff's AIR001 wants their variables to be their ids.
        for (TaskId id : dag.tasks.ids())
            if (dag.tasks[id].operatorClass == "EmptyOperator" &&
                taken.insert(dag.tasks[id].id).second)
                taskVariables[id.value] = dag.tasks[id].id;
        for (Node node : dag.order) {
            if (!variable(node).empty())
                continue;
            std::string const& id = node.task ? dag.tasks[node.task].id : dag.boxes[node.box].id;
            std::string const name = pythonName(id);
            std::string unique = name;
            for (unsigned n = 2; !taken.insert(unique).second; ++n)
                unique = fmt::format("{}_{}", name, n);
            (node.task ? taskVariables[node.task.value] : boxVariables[node.box.value]) =
                std::move(unique);
        }
    }
    std::string const& variable(Node node) const {
        return node.task ? taskVariables[node.task.value] : boxVariables[node.box.value];
    }

    void printDocstring() {
        out += "\"\"\"";
        for (size_t i = 0; i < dag.docstring.size(); ++i) {
            std::string line = plainLine(dag.docstring[i]);
            // Inside a docstring a backslash and a quote would be syntax; both are only for people
            // here.
            std::replace(line.begin(), line.end(), '\\', '/');
            std::replace(line.begin(), line.end(), '"', '\'');
            out += line;
            if (i + 1 < dag.docstring.size())
                out += '\n';
        }
        out += dag.docstring.size() > 1 ? "\n\"\"\"\n\n" : "\"\"\"\n\n";
    }

    void printImports() {
        std::set<std::string> shims;
        bool empty = false;
        for (Task const& task : dag.tasks) {
            if (task.operatorClass == "EmptyOperator")
                empty = true;
            else // `legacy(Operator)`, `ordered(Operator)`: the site's own
                shims.insert(task.operatorClass.substr(0, task.operatorClass.find('(')));
            for (auto const& [name, value] : task.arguments)
                noteCall(value, shims);
        }
        for (BoxGroup const& box : dag.boxes) {
            shims.insert(box.groupClass);
            for (auto const& [name, value] : box.arguments)
                noteCall(value, shims);
        }
        for (auto const& [name, value] : dag.arguments)
            noteCall(value, shims);
        if (dag.needsCalendars)
            shims.insert("calendars");
        shims.erase("timedelta");
        if (dag.needsTimedelta)
            out += "from datetime import timedelta\n\n";
        if (empty)
            out += "from airflow.providers.standard.operators.empty import EmptyOperator\n";
        out += "from airflow.sdk import DAG\n";
        for (std::string const& dotted : dag.operatorImports) {
            auto const [module, name] = llvm::StringRef(dotted).rsplit('.');
            out += fmt::format("from {} import {}\n", std::string_view(module),
                               std::string_view(name));
        }
        // isort's order: classes before functions.
        std::vector<std::string> names(shims.begin(), shims.end());
        std::stable_sort(names.begin(), names.end(), [](auto const& a, auto const& b) {
            return llvm::isUpper(a.front()) > llvm::isUpper(b.front());
        });
        std::string line = "from hoist_airflow import ";
        line += llvm::join(names, ", ");
        if (line.size() > pythonLineLength)
            line = "from hoist_airflow import (\n    " + llvm::join(names, ",\n    ") + ",\n)";
        if (!names.empty())
            out += line + "\n";
        if (dag.needsCalendars)
            out += "\nCALENDARS = calendars(__file__)\n";
        out += '\n';
    }

    static void noteCall(Py const& value, std::set<std::string>& names) {
        if (auto const* list = std::get_if<Py::List>(&value.value))
            for (Py const& item : *list)
                noteCall(item, names);
        auto const* call = std::get_if<std::shared_ptr<Py::Call const>>(&value.value);
        if (!call)
            return;
        names.insert((*call)->callee);
        for (Py const& item : (*call)->positional)
            noteCall(item, names);
        for (auto const& [keyword, item] : (*call)->keywords)
            noteCall(item, names);
    }

    void printDag() {
        Py::Keywords arguments{{"dag_id", dag.id}};
        llvm::move(dag.arguments, std::back_inserter(arguments));
        out += "with ";
        appendPython(out, Py::call("DAG", {}, std::move(arguments)), 0, 5, 1);
        out += ":\n";
        for (std::string const& note : dag.notes)
            comment(note, 4);
        bool opensBlock = dag.notes.empty();
        for (Node node : dag.order) {
            if (!opensBlock)
                out += '\n';
            node.task ? printTask(node.task) : printBox(node.box);
            opensBlock =
                node.box && dag.boxes[node.box].depth <= deepestWith && hasContent[node.box.value];
        }
        printEdges();
    }

    unsigned indentInside(BoxId box) const {
        if (!box)
            return 4;
        return 4 + 4 * std::min(dag.boxes[box].depth, deepestWith);
    }

    void comment(llvm::StringRef text, unsigned indent) {
        out.append(indent, ' ');
        std::string line = plainLine(text);
        constexpr size_t longest = 400; // a condition of a thousand atoms is read in the definition
        if (line.size() > longest) {
            line.resize(longest);
            while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0x80))
                line.pop_back();
            line = llvm::StringRef(line).rtrim().str() + " ...";
        }
        out += "# " + line + "\n";
    }

    void printTask(TaskId id) {
        Task& task = dag.tasks[id];
        unsigned const indent = indentInside(task.box);
        for (std::string const& line : task.comments)
            comment(line, indent);
        Py::Keywords arguments{{"task_id", task.id}};
        if (task.box && dag.boxes[task.box].depth > deepestWith)
            arguments.emplace_back("task_group", Py::name(boxVariables[task.box.value]));
        llvm::move(task.arguments, std::back_inserter(arguments));
        if (task.rule != TriggerRule::allSuccess)
            arguments.emplace_back("trigger_rule", Py(toString(task.rule)));
        std::string head;
        if (isUsed[id.value])
            head = taskVariables[id.value] + " = ";
        out.append(indent, ' ');
        out += head;
        appendPython(out, Py::call(task.operatorClass, {}, std::move(arguments)), indent,
                     indent + head.size(), 0);
        out += '\n';
    }

    void printBox(BoxId id) {
        BoxGroup& box = dag.boxes[id];
        bool const isWith = box.depth <= deepestWith;
        unsigned const indent = indentInside(box.parent);
        for (std::string const& line : box.comments)
            comment(line, indent);
        Py::Keywords arguments = std::move(box.arguments);
        if (!isWith && box.parent)
            arguments.emplace_back("parent_group", Py::name(boxVariables[box.parent.value]));
        Py const call = Py::call(box.groupClass, {Py(box.id)}, std::move(arguments));
        out.append(indent, ' ');
        std::string const& name = boxVariables[id.value];
        if (isWith) {
            std::string const tail = isBoxUsed[id.value] ? " as " + name + ":" : ":";
            out += "with ";
            appendPython(out, call, indent, indent + 5, tail.size());
            out += tail;
            out += '\n';
            if (!hasContent[id.value]) {
                out.append(indent + 4, ' ');
                out += "pass\n";
            }
            return;
        }
        std::string const head = isBoxUsed[id.value] ? name + " = " : "";
        out += head;
        appendPython(out, call, indent, indent + head.size(), 0);
        out += '\n';
    }

    /// An edge of a group reaches the tasks that have no other predecessor (or successor) in the
    /// group *when the statement runs*: so the edges inside a group come before its own. A group
    /// edge printed too early would let a `one_success` member start with its box (TR-04).
    void printEdges() {
        auto const levelOf = [&](Node node) {
            return node.task ? std::numeric_limits<unsigned>::max() : dag.boxes[node.box].depth;
        };
        std::map<unsigned, std::vector<Node>, std::greater<>> levels; // the innermost first
        for (Node node : dag.order) {
            Nodes const& upstream = upstreamOf(node);
            if (upstream.empty())
                continue;
            unsigned level = levelOf(node);
            for (Node up : upstream)
                level = std::min(level, levelOf(up));
            levels[level].push_back(node);
        }
        if (!levels.empty())
            out += '\n';
        for (auto const& [level, nodes] : levels)
            printEdgesOf(nodes);
    }

    Nodes const& upstreamOf(Node node) const {
        return node.task ? dag.tasks[node.task].upstream : dag.boxes[node.box].upstream;
    }

    /// `a >> b >> c` where b has no other predecessor and no chain leaves it yet; `[a, b] >> c`
    /// else. Nodes with the same single predecessor share a line: `gate >> [a, b]`.
    void printEdgesOf(std::vector<Node> const& nodes) {
        struct Line {
            std::vector<std::string> from, to;
        };
        std::vector<Line> lines;
        std::map<std::string, size_t> lineByUpstream;
        for (Node node : nodes) {
            std::vector<std::string> from;
            for (Node up : upstreamOf(node))
                from.push_back(variable(up));
            if (from.size() == 1) { // Python cannot shift a list into a list
                auto [it, isNew] = lineByUpstream.try_emplace(from.front(), lines.size());
                if (!isNew) {
                    lines[it->second].to.push_back(variable(node));
                    continue;
                }
            }
            lines.push_back({from, {variable(node)}});
        }
        // Join lines whose left side is the single right side of an earlier one.
        std::map<std::string, size_t> endsAt;
        std::vector<std::vector<std::string>> chains;
        auto const listOf = [](std::vector<std::string> const& names) {
            return names.size() == 1 ? names.front() : "[" + llvm::join(names, ", ") + "]";
        };
        for (Line const& line : lines) {
            if (line.from.size() == 1) {
                if (auto it = endsAt.find(line.from.front()); it != endsAt.end()) {
                    size_t const chain = it->second;
                    endsAt.erase(it);
                    chains[chain].push_back(listOf(line.to));
                    if (line.to.size() == 1)
                        endsAt[line.to.front()] = chain;
                    continue;
                }
            }
            chains.push_back({listOf(line.from), listOf(line.to)});
            if (line.to.size() == 1)
                endsAt[line.to.front()] = chains.size() - 1;
        }
        for (auto const& chain : chains)
            printChain(chain);
    }

    void printChain(std::vector<std::string> const& parts) {
        // A line that is too long becomes several statements, and a list that is too long one name
        // a line: both stay as they are under ruff.
        size_t begin = 0;
        while (begin + 1 < parts.size()) {
            size_t end = begin + 1;
            size_t width = 4 + parts[begin].size() + 4 + parts[end].size();
            while (end + 1 < parts.size() &&
                   width + 4 + parts[end + 1].size() <= pythonLineLength) {
                ++end;
                width += 4 + parts[end].size();
            }
            out += "    ";
            if (width <= pythonLineLength) {
                for (size_t i = begin; i <= end; ++i) {
                    if (i > begin)
                        out += " >> ";
                    out += parts[i];
                }
            } else {
                appendPair(parts[begin], parts[end]);
            }
            out += '\n';
            begin = end;
        }
    }

    /// A pair that is too long for a line: its list, one of the two at most, one name a line.
    void appendPair(std::string const& from, std::string const& to) {
        auto const append = [&](llvm::StringRef side) {
            if (!side.starts_with("[")) {
                out += side;
                return;
            }
            llvm::SmallVector<llvm::StringRef, 16> names;
            side.drop_front().drop_back().split(names, ", ");
            out += "[\n";
            for (llvm::StringRef name : names)
                out += "        " + name.str() + ",\n";
            out += "    ]";
        };
        append(from);
        out += " >> ";
        append(to);
    }

    Dag dag; ///< its arguments go into the text
    std::string out;
    std::vector<std::string> taskVariables, boxVariables;
    std::vector<bool> isUsed, isBoxUsed, hasContent;
    std::set<std::string> taken;
};

} // namespace

std::string emit(Dag dag) { return Printer(std::move(dag)).run(); }

} // namespace hoist::airflow
