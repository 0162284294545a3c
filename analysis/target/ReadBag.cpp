// JSON of `hoistctl export-dags` to the model. Keys that nobody asks for are passed over; a value
// of the wrong type, a name that leads nowhere or a truncated file is an error, never a guess.
#include "analysis/target/Bag.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace hoist::target {

using nlohmann::json;

nlohmann::json const& Task::argument(llvm::StringRef name) const {
    static json const none;
    auto const arguments = fields.find("arguments");
    if (arguments == fields.end() || !arguments->is_object())
        return none;
    auto const found = arguments->find(std::string_view(name));
    return found == arguments->end() ? none : *found;
}

namespace {

// --- bytes that are no text
// ----------------------------------------------------------------------- Python holds bytes that
// are no UTF-8 as lone surrogates U+DC80…U+DCFF (PEP 383), and JSON spells those `\udc80`, which no
// strict reader takes. They pass as private characters U+10FF80…U+10FFFF and become bytes again in
// every string of the model.

constexpr llvm::StringLiteral privateLead = "\xF4\x8F"; // U+10F000…U+10FFFF in UTF-8

bool isByteEscape(llvm::StringRef escape) { // `\udc8x`…`\udcfx`
    return escape.size() == 6 && escape[1] == 'u' && llvm::toLower(escape[2]) == 'd' &&
           llvm::toLower(escape[3]) == 'c' && llvm::isHexDigit(escape[4]) &&
           llvm::hexDigitValue(escape[4]) >= 8 && llvm::isHexDigit(escape[5]);
}

bool isHighSurrogate(llvm::StringRef escape) { // `\ud8xx`…`\udbxx`
    return escape.size() == 6 && escape[1] == 'u' && llvm::toLower(escape[2]) == 'd' &&
           llvm::StringRef("89abAB").contains(escape[3]);
}

/// Almost no document has one: asked before anything is copied.
bool hasByteEscape(llvm::StringRef text) {
    for (size_t at = text.find("\\u"); at != llvm::StringRef::npos; at = text.find("\\u", at + 2))
        if (isByteEscape(text.substr(at, 6)))
            return true;
    return false;
}

/// The text with byte escapes made private characters; false when it has none. `isAmbiguous`: it
/// holds such characters of its own too.
bool hideBytes(llvm::StringRef text, std::string& result, bool& isAmbiguous) {
    bool any = false;
    isAmbiguous = false;
    if (!hasByteEscape(text))
        return false;
    result.reserve(text.size());
    for (size_t i = 0; i < text.size();) {
        if (text.substr(i).starts_with(privateLead))
            isAmbiguous = true;
        if (text[i] != '\\') {
            result += text[i++];
            continue;
        }
        llvm::StringRef const escape = text.substr(i, 6);
        if (isHighSurrogate(escape)) { // a pair, both halves
            isAmbiguous = isAmbiguous || escape.drop_front(2).equals_insensitive("dbff");
            llvm::StringRef const pair = text.substr(i, 12);
            result += pair;
            i += pair.size();
        } else if (isByteEscape(escape)) {
            unsigned const byte =
                llvm::hexDigitValue(escape[4]) * 16 + llvm::hexDigitValue(escape[5]);
            result += privateLead;
            result += static_cast<char>(0xBC + (byte >> 6)); // U+10FF00 + byte
            result += static_cast<char>(0x80 + (byte & 0x3F));
            any = true;
            i += 6;
        } else { // `\\` or another escape: both characters
            result += text.substr(i, 2);
            i += std::min<size_t>(2, text.size() - i);
        }
    }
    return any;
}

void showBytes(std::string& text) {
    if (!llvm::StringRef(text).contains(privateLead))
        return;
    std::string result;
    for (size_t i = 0; i < text.size();) {
        bool const isHidden = llvm::StringRef(text).substr(i).starts_with(privateLead) &&
                              i + 3 < text.size() &&
                              static_cast<unsigned char>(text[i + 2]) >= 0xBC;
        if (!isHidden) {
            result += text[i++];
            continue;
        }
        unsigned const high = static_cast<unsigned char>(text[i + 2]) - 0xBCu;
        result += static_cast<char>(high << 6 | (static_cast<unsigned char>(text[i + 3]) & 0x3Fu));
        i += 4;
    }
    text = std::move(result);
}

void showBytes(json& root) {
    std::vector<json*> open{&root};
    while (!open.empty()) {
        json* const value = open.back();
        open.pop_back();
        if (value->is_string())
            showBytes(value->get_ref<std::string&>());
        else if (value->is_structured())
            for (json& item : *value) // keys are names of the format
                open.push_back(&item);
    }
}

// --- values of the right type
// ---------------------------------------------------------------------

/// Where one is in the document, for messages: written only when something is wrong.
struct Place {
    Place const* parent = nullptr;
    std::string_view key;
    std::optional<size_t> index = {};

    std::string text() const {
        std::string const above = parent != nullptr ? parent->text() : "";
        if (index)
            return fmt::format("{}[{}]", above, *index);
        return above.empty() ? std::string(key) : fmt::format("{}.{}", above, key);
    }
};

class Reader {
public:
    std::string error; ///< the first one

    bool fail(Place const& place, std::string_view what) {
        if (error.empty())
            error = fmt::format("{}: {}", place.text(), what);
        return false;
    }

    /// The value of a key; null when it has none.
    static json const& at(json const& object, std::string_view key) {
        static json const none;
        auto const found = object.find(key);
        return found == object.end() ? none : *found;
    }

    bool text(json const& object, std::string_view key, Place const& place, std::string& result,
              bool isRequired = false) {
        json const& value = at(object, key);
        if (value.is_null() && !isRequired)
            return true;
        if (!value.is_string())
            return fail(Place{&place, key}, "not a text");
        result = value.get_ref<std::string const&>();
        return true;
    }

    bool optionalText(json const& object, std::string_view key, Place const& place,
                      std::optional<std::string>& result) {
        if (at(object, key).is_null())
            return true;
        return text(object, key, place, result.emplace());
    }

    bool flag(json const& object, std::string_view key, Place const& place, bool& result) {
        json const& value = at(object, key);
        if (value.is_null())
            return true;
        if (!value.is_boolean())
            return fail(Place{&place, key}, "not true or false");
        result = value.get<bool>();
        return true;
    }

    bool number(json const& object, std::string_view key, Place const& place, int64_t& result,
                bool isRequired = false) {
        json const& value = at(object, key);
        if (value.is_null() && !isRequired)
            return true;
        if (!isInteger(value))
            return fail(Place{&place, key}, "not an integer");
        result = value.get<int64_t>();
        return true;
    }

    static bool isInteger(json const& value) {
        return value.is_number_integer() &&
               (!value.is_number_unsigned() ||
                value.get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX));
    }

    bool texts(json const& object, std::string_view key, Place const& place,
               std::vector<std::string>& result) {
        json const* const list = array(object, key, place);
        if (list == nullptr)
            return error.empty();
        for (json const& item : *list) {
            if (!item.is_string())
                return fail(Place{&place, key}, "not a list of texts");
            result.push_back(item.get_ref<std::string const&>());
        }
        return true;
    }

    /// Null when the key is absent or null; an error when it is not a list.
    json const* array(json const& object, std::string_view key, Place const& place) {
        json const& value = at(object, key);
        if (value.is_null())
            return nullptr;
        if (!value.is_array()) {
            fail(Place{&place, key}, "not a list");
            return nullptr;
        }
        return &value;
    }
};

// --- roles
// ----------------------------------------------------------------------------------------

/// Operators that run one thing outside Airflow and end success or failed, but for exit codes that
/// mean "skipped", which the simulation knows.
constexpr std::array<std::string_view, 12> jobOperators = {
    "BashOperator",
    "SSHOperator",
    "WinRMOperator",
    "KubernetesPodOperator",
    "DockerOperator",
    "SparkSubmitOperator",
    "SparkKubernetesOperator",
    "SQLExecuteQueryOperator",
    "DatabricksSubmitRunOperator",
    "DatabricksRunNowOperator",
    "GlueJobOperator",
    "BatchOperator",
};

bool isAnyOf(std::vector<std::string> const& bases, std::string_view name) {
    return std::find(bases.begin(), bases.end(), name) != bases.end();
}

bool isEmptyList(json const& fields, std::string_view key) {
    json const& value = Reader::at(fields, key);
    return value.is_null() || value.empty();
}

bool isTrue(json const& fields, std::string_view key) {
    json const& value = Reader::at(fields, key);
    return value.is_boolean() && value.get<bool>();
}

Role roleOf(Task const& task, llvm::StringRef hoistRole) {
    if (!hoistRole.empty())
        return llvm::StringSwitch<Role>(hoistRole)
            .Case("job", Role::job)
            .Case("gate", Role::gate)
            .Case("hold", Role::hold)
            .Case("verdict", Role::verdict)
            .Default(Role::opaque);
    json const& fields = task.fields;
    if (isTrue(fields, "mapped") || isTrue(fields, "is_sensor") || isTrue(fields, "is_branch") ||
        isTrue(fields, "can_skip_downstream"))
        return Role::opaque;
    if (isTrue(fields, "is_empty") || isAnyOf(task.bases, "EmptyOperator")) {
        // AF-016: with any of these it runs on a worker.
        bool const isPlain = isEmptyList(fields, "callbacks") && isEmptyList(fields, "outlets") &&
                             isEmptyList(fields, "inlets");
        return isPlain ? Role::junction : Role::job;
    }
    for (std::string_view const name : jobOperators)
        if (isAnyOf(task.bases, name))
            return Role::job;
    return Role::opaque;
}

// --- the document
// ---------------------------------------------------------------------------------

class BagReader : Reader {
public:
    std::optional<Bag> read(json& document, std::string& failed) {
        Bag bag;
        if (!readAll(document, bag)) {
            failed = std::move(error);
            return std::nullopt;
        }
        return bag;
    }

private:
    bool readAll(json& document, Bag& bag) {
        Place const top{nullptr, "export"};
        if (!document.is_object())
            return fail(top, "not an object");
        json const& format = at(document, "format");
        if (!isInteger(format))
            return fail(top, "no number `format`: this is not an export of hoistctl export-dags");
        if (format.get<int64_t>() != 1)
            return fail(
                top, fmt::format("format {}; this version knows format 1", format.get<int64_t>()));
        json const& horizon = at(document, "horizon");
        if (!horizon.is_object())
            return fail(Place{&top, "horizon"}, "not an object");
        Place const horizonAt{&top, "horizon"};
        if (!text(document, "airflow", top, bag.airflowVersion, true) ||
            !text(document, "exporter", top, bag.exporter) ||
            !number(horizon, "from", horizonAt, bag.from, true) ||
            !number(horizon, "to", horizonAt, bag.to, true))
            return false;
        return readErrors(document, top, bag) && readTickSets(document, top, bag) &&
               readDaySets(document, top, bag) && readDags(document, top, bag);
    }

    bool readErrors(json const& document, Place const& top, Bag& bag) {
        json const& errors = at(document, "import_errors");
        Place const place{&top, "import_errors"};
        if (errors.is_null())
            return true;
        if (!errors.is_object())
            return fail(place, "not an object");
        for (auto const& [file, text] : errors.items()) {
            if (!text.is_string())
                return fail(Place{&place, file}, "not a text");
            bag.importErrors.emplace_back(file, text.get_ref<std::string const&>());
        }
        return true;
    }

    bool readTickSets(json const& document, Place const& top, Bag& bag) {
        json const& sets = at(document, "tick_sets");
        Place const place{&top, "tick_sets"};
        if (sets.is_null())
            return true;
        if (!sets.is_object())
            return fail(place, "not an object");
        for (auto const& [name, set] : sets.items()) {
            Place const here{&place, name};
            if (!set.is_object())
                return fail(here, "not an object");
            TickSet& read = bag.tickSets[bag.tickSets.add()];
            if (!number(set, "until", here, read.until, true))
                return false;
            json const* const ticks = array(set, "ticks", here);
            if (ticks == nullptr)
                return fail(Place{&here, "ticks"}, "not a list");
            read.ticks.reserve(ticks->size());
            for (json const& tick : *ticks) {
                if (!isInteger(tick))
                    return fail(Place{&here, "ticks"}, "not a list of integers");
                read.ticks.push_back(tick.get<int64_t>());
            }
            if (!std::is_sorted(read.ticks.begin(), read.ticks.end()))
                return fail(Place{&here, "ticks"}, "not sorted");
            bag.tickSetByName[name] = TickSetId(bag.tickSets.size() - 1);
        }
        return true;
    }

    /// Exports of older shims have none.
    bool readDaySets(json const& document, Place const& top, Bag& bag) {
        json const& sets = at(document, "day_sets");
        Place const place{&top, "day_sets"};
        if (sets.is_null())
            return true;
        if (!sets.is_object())
            return fail(place, "not an object");
        auto const day = [&](json const& value, int32_t& read) {
            constexpr int64_t most = 10'000'000; // some 27,000 years
            if (!isInteger(value) || std::abs(value.get<int64_t>()) > most)
                return false;
            read = static_cast<int32_t>(value.get<int64_t>());
            return true;
        };
        for (auto const& [name, set] : sets.items()) {
            Place const here{&place, name};
            DaySet& read = bag.daySets[name];
            if (!set.is_object() || !day(at(set, "first"), read.first) ||
                !day(at(set, "last"), read.last))
                return fail(here, "not a set of days");
            json const* const days = array(set, "days", here);
            if (days == nullptr)
                return fail(Place{&here, "days"}, "not a list");
            for (json const& one : *days)
                if (!day(one, read.days.emplace_back()))
                    return fail(Place{&here, "days"}, "not a list of days");
            if (!std::is_sorted(read.days.begin(), read.days.end()))
                return fail(Place{&here, "days"}, "not sorted");
        }
        return true;
    }

    /// A name of a day set, or nothing.
    bool daySet(json const& from, Place const& place, Bag const& bag, std::string& name) {
        if (!text(from, "order_days", place, name))
            return false;
        return name.empty() || bag.daySets.contains(name) ||
               fail(Place{&place, "order_days"}, fmt::format("no day set `{}`", name));
    }

    bool readDags(json& document, Place const& top, Bag& bag) {
        Place const place{&top, "dags"};
        auto const dags = document.find("dags");
        if (dags == document.end() || !dags->is_array())
            return fail(place, "not a list");
        bag.dags.reserve(dags->size());
        for (size_t i = 0; i < dags->size(); ++i) {
            Place const here{&place, {}, i};
            json& dag = (*dags)[i];
            if (!dag.is_object())
                return fail(here, "not an object");
            DagId const id = bag.dags.add();
            if (!readDag(dag, here, bag, bag.dags[id]))
                return false;
            if (!bag.dagById.try_emplace(bag.dags[id].id, id).second)
                return fail(here, fmt::format("a second DAG `{}`", bag.dags[id].id));
        }
        return true;
    }

    bool readDag(json& from, Place const& place, Bag const& bag, Dag& dag) {
        int64_t timeout = 0;
        bool isPaused = false;
        if (!text(from, "dag_id", place, dag.id, true) || !text(from, "file", place, dag.file) ||
            !text(from, "sha256", place, dag.sha256) ||
            !text(from, "serialized_sha256", place, dag.serializedSha256) ||
            !number(from, "max_active_runs", place, dag.maxActiveRuns) ||
            !flag(from, "catchup", place, dag.catchup) ||
            !flag(from, "fail_fast", place, dag.failFast) ||
            !flag(from, "is_paused_upon_creation", place, isPaused))
            return false;
        if (!at(from, "is_paused_upon_creation").is_null())
            dag.pausedUponCreation = isPaused;
        json const& limit = at(from, "dagrun_timeout");
        if (limit.is_number_float() && limit.get<double>() < 1e15 && limit.get<double>() > -1e15)
            dag.dagrunTimeout = static_cast<int64_t>(limit.get<double>());
        else if (!number(from, "dagrun_timeout", place, timeout))
            return false;
        else if (!limit.is_null())
            dag.dagrunTimeout = timeout;
        if (!readTimetable(from, place, bag, dag.timetable) || !readGroups(from, place, bag, dag) ||
            !readTasks(from, place, dag))
            return false;
        from.erase("tasks");
        from.erase("groups");
        dag.fields = std::move(from);
        return true;
    }

    bool readTimetable(json const& from, Place const& place, Bag const& bag, Timetable& timetable) {
        Place const here{&place, "timetable"};
        json const& value = at(from, "timetable");
        if (!value.is_object())
            return fail(here, "not an object");
        std::string kind, ticks;
        if (!text(value, "kind", here, kind, true) || !text(value, "type", here, timetable.type) ||
            !text(value, "module", here, timetable.module) ||
            !text(value, "summary", here, timetable.summary) ||
            !text(value, "ticks", here, ticks) || !daySet(value, here, bag, timetable.orderDays))
            return false;
        using Kind = Timetable::Kind;
        timetable.kind = llvm::StringSwitch<Kind>(kind)
                             .Case("none", Kind::none)
                             .Case("ticks", Kind::ticks)
                             .Case("assets", Kind::assets)
                             .Case("continuous", Kind::continuous)
                             .Default(Kind::unknown);
        if (!ticks.empty()) {
            auto const found = bag.tickSetByName.find(ticks);
            if (found == bag.tickSetByName.end())
                return fail(here, fmt::format("no tick set `{}`", ticks));
            timetable.ticks = found->second;
        } else if (timetable.kind == Kind::ticks) {
            return fail(here, "no tick set");
        }
        return true;
    }

    bool readGroups(json const& from, Place const& place, Bag const& bag, Dag& dag) {
        Place const list{&place, "groups"};
        groupByName.clear();
        json const* const groups = array(from, "groups", place);
        if (groups == nullptr)
            return error.empty();
        std::vector<std::string> parents;
        for (json const& value : *groups) {
            Place const here{&list, {}, dag.groups.size()};
            if (!value.is_object())
                return fail(here, "not an object");
            GroupId const id = dag.groups.add();
            Group& group = dag.groups[id];
            if (!text(value, "id", here, group.id, true) ||
                !text(value, "parent", here, parents.emplace_back()) ||
                !daySet(value, here, bag, group.orderDays) || !readBox(value, here, group))
                return false;
            if (!groupByName.try_emplace(group.id, id).second)
                return fail(here, fmt::format("a second group `{}`", group.id));
        }
        for (GroupId const id : dag.groups.ids())
            if (!parents[id.value].empty() &&
                !findGroup(parents[id.value], Place{&list, {}, id.value}, dag.groups[id].parent))
                return false;
        return areTrees(dag, list);
    }

    bool readBox(json const& value, Place const& place, Group& group) {
        json const& box = at(value, "hoist");
        if (box.is_null())
            return true;
        Place const here{&place, "hoist"};
        if (!box.is_object())
            return fail(here, "not an object");
        group.isBox = true;
        return text(box, "job", here, group.legacyJob, true) &&
               optionalText(box, "success", here, group.success) &&
               optionalText(box, "failure", here, group.failure) &&
               texts(box, "terminators", here, group.terminators) &&
               texts(box, "kill", here, group.kill) && flag(box, "eager", here, group.isEager);
    }

    bool findGroup(llvm::StringRef name, Place const& place, GroupId& result) {
        auto const found = groupByName.find(name);
        if (found == groupByName.end())
            return fail(place, fmt::format("no group `{}`", name.str()));
        result = found->second;
        return true;
    }

    bool areTrees(Dag const& dag, Place const& place) {
        std::vector<uint8_t> isGood(dag.groups.size(), 0);
        for (GroupId const id : dag.groups.ids()) {
            size_t steps = 0;
            GroupId up = id;
            for (; up && isGood[up.value] == 0; up = dag.groups[up].parent)
                if (++steps > dag.groups.size())
                    return fail(place, fmt::format("group `{}` lies in itself", dag.groups[id].id));
            for (GroupId good = id; good != up; good = dag.groups[good].parent)
                isGood[good.value] = 1;
        }
        return true;
    }

    bool readTasks(json& from, Place const& place, Dag& dag) {
        Place const list{&place, "tasks"};
        auto const tasks = from.find("tasks");
        if (tasks == from.end() || !tasks->is_array())
            return fail(list, "not a list");
        dag.tasks.reserve(tasks->size());
        for (json& value : *tasks) {
            Place const here{&list, {}, dag.tasks.size()};
            if (!value.is_object())
                return fail(here, "not an object");
            TaskId const id = dag.tasks.add();
            Task& task = dag.tasks[id];
            task.fields = std::move(value);
            if (!readTask(here, task))
                return false;
            if (!dag.taskById.try_emplace(task.id, id).second)
                return fail(here, fmt::format("a second task `{}`", task.id));
        }
        for (TaskId const id : dag.tasks.ids())
            if (!readEdges(id, Place{&list, {}, id.value}, dag))
                return false;
        return true;
    }

    bool readTask(Place const& place, Task& task) {
        json const& fields = task.fields;
        std::string group;
        if (!text(fields, "task_id", place, task.id, true) ||
            !text(fields, "type", place, task.type, true) ||
            !text(fields, "module", place, task.module) ||
            !texts(fields, "bases", place, task.bases) ||
            !text(fields, "trigger_rule", place, task.ruleText, true) ||
            !text(fields, "group", place, group))
            return false;
        task.rule = triggerRuleOf(task.ruleText);
        if (!group.empty() && !findGroup(group, place, task.group))
            return false;
        json const& arguments = at(fields, "arguments");
        if (!arguments.is_null() && !arguments.is_object())
            return fail(Place{&place, "arguments"}, "not an object");
        std::string role;
        json const& shim = at(fields, "hoist");
        if (!shim.is_null()) {
            Place const here{&place, "hoist"};
            if (!shim.is_object())
                return fail(here, "not an object");
            if (!text(shim, "role", here, role, true) ||
                !text(shim, "job", here, task.legacyJob, true) ||
                !optionalText(shim, "box", here, task.legacyBox))
                return false;
        }
        task.role = roleOf(task, role);
        return true;
    }

    bool readEdges(TaskId id, Place const& place, Dag& dag) {
        json const* const edges = array(dag.tasks[id].fields, "downstream", place);
        if (edges == nullptr)
            return error.empty();
        for (json const& edge : *edges) {
            if (!edge.is_string())
                return fail(Place{&place, "downstream"}, "not a list of texts");
            auto const found = dag.taskById.find(edge.get_ref<std::string const&>());
            if (found == dag.taskById.end())
                return fail(place, fmt::format("no task `{}`", edge.get<std::string>()));
            dag.tasks[id].downstream.push_back(found->second);
            dag.tasks[found->second].upstream.push_back(id);
        }
        return true;
    }

    llvm::StringMap<GroupId> groupByName;
};

} // namespace

std::optional<Bag> readBag(llvm::StringRef text, std::string& error) {
    std::string hidden;
    bool isAmbiguous = false;
    bool const hasBytes = hideBytes(text, hidden, isAmbiguous);
    if (hasBytes && isAmbiguous) {
        error = "the export holds bytes that are no text beside private characters U+10Fxxx";
        return std::nullopt;
    }
    llvm::StringRef const source = hasBytes ? llvm::StringRef(hidden) : text;
    json document = json::parse(source.begin(), source.end(), nullptr, /*allow_exceptions=*/false);
    if (document.is_discarded()) {
        error = "not a JSON document, or only a part of one";
        return std::nullopt;
    }
    if (hasBytes)
        showBytes(document);
    return BagReader().read(document, error);
}

} // namespace hoist::target
