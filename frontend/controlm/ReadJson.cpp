// An object with a `Type` becomes the element of the XML that means the same: a job with a
// `WaitForEvents` inside is a JOB with INCONDs. So all that follows is written once.
//
// What has no counterpart there is kept as an extra of the definition that it belongs to:
// parameters of plug-ins, files of a transfer, settings of an SLA. It is counted, and shares the
// job's fate.
#include "frontend/controlm/ReadJson.h"

#include "frontend/base/Suggest.h"
#include "frontend/controlm/JsonNodes.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>

#include <fmt/format.h>

namespace hoist::controlm {

using diag::Code;
using diag::Fidelity;

namespace {

/// Keys with a meaning of their own that are no rows of the table.
constexpr llvm::StringRef structural[] = {"Type",
                                          "When",
                                          "Jobs",
                                          "Variables",
                                          "Rerun",
                                          "RerunLimit",
                                          "RunAsDummy",
                                          "AdjustEvents",
                                          "ActiveRetentionPolicy",
                                          "RerunIntervals",
                                          "RerunSpecificTimes"};

class Reader : JsonNodes {
    using Part = Extra::Part;

public:
    Reader(ir::Estate& target, diag::Diagnostics& findings, Lowering& receiver)
        : JsonNodes(target), diags(findings), lowering(receiver) {}

    void file(JsonValue const& all) {
        if (JsonMember const* defaultsOfAll = all.find("Defaults"))
            defaults = &defaultsOfAll->value;
        for (JsonMember const& member : all.members) {
            if (&member.value == defaults)
                settle(member, "defaults", Fidelity::refused);
            else
                top(member);
        }
    }

private:
    // --- what stands at the top, and where definitions stand in each other ---

    void top(JsonMember const& member) {
        llvm::StringRef const type = member.value.textOf("Type");
        if (type == "Folder" || type == "SimpleFolder") {
            Node node = entity(member, type == "Folder" ? E::smartFolder : E::folder);
            set(node, Attr::topFolders_FOLDER_NAME, member.key, member.keySpan, member.keySpan, "");
            if (llvm::none_of(node.fields, [](Field const& field) {
                    return field.row->id == Attr::topFolders_FOLDER_ORDER_METHOD;
                }))
                implied(node, Attr::topFolders_FOLDER_ORDER_METHOD, "SYSTEM"); // CTM-116
            lowering.take(node);
        } else if (type == "Calendar:RuleBased") {
            Node node = rule(member);
            lowering.take(node);
        } else if (member.value.isObject() && !type.empty()) {
            notTranslated(member, type);
        } else {
            unknownProperty(member, "file", {});
        }
    }

    /// Carried without a translation: connection profiles, deploy descriptors, jobs without a
    /// folder.
    void notTranslated(JsonMember const& member, llvm::StringRef type) {
        diags.report<Code::ObjectNotTranslated>(member.keySpan, member.key, type)
            .object(member.key)
            .evidence(type);
        settle(member, "object", Fidelity::refused);
    }

    Node entity(JsonMember const& member, E id) {
        Node node = make(id, member.keySpan, "object " + elementOf(id).keyword.lower());
        body(node, member.value);
        return node;
    }

    void body(Node& node, JsonValue const& object) {
        llvm::StringRef const type = object.textOf("Type");
        bool const isJob = node.is(E::job);
        std::vector<JsonMember const*> flows;
        llvm::StringMap<JsonMember const*> last; // of each key
        for (JsonMember const& member : object.members)
            last[member.key] = &member;
        for (JsonMember const& member : object.members) {
            llvm::StringRef const key = member.key;
            if (&member != last[key]) {
                extra(node, member, "property given twice", Part::structure); // was reported
            } else if (key == "Type") {
                jobType(node, member);
            } else if (Property const* row = rowOf(node, key)) {
                set(node, *row, member);
            } else if (key == "When") {
                when(node, member.value);
            } else if (key == "Variables") {
                variables(node, member);
            } else if (key == "RunAsDummy") {
                if (member.value.text.equals_insensitive("true"))
                    set(node, Attr::entities_TASKTYPE, "Dummy", member);
                else if (member.value.text.equals_insensitive("false"))
                    extra(node, member, "property RunAsDummy", Part::structure);
                else
                    bad(node, member, "`true` or `false`");
            } else if (key == "AdjustEvents") {
                adjusts(node, member);
            } else if (key == "Rerun" || key == "RerunLimit" || key == "RerunIntervals" ||
                       key == "RerunSpecificTimes" || key == "ActiveRetentionPolicy") {
                rerun(node, member);
            } else if (key == "Jobs" && member.value.isArray()) {
                for (JsonValue const& item : member.value.items)
                    child(node, {item.textOf("Name"), item.span, item}, nullptr);
            } else if (member.value.isObject() && member.value.find("Type")) {
                child(node, member, &flows);
            } else if (isJob && isPlugIn(type)) {
                parameter(node, member);
            } else {
                unknownProperty(member, isJob ? "job" : "folder", &node);
            }
        }
        applyDefaults(node, type);
        for (JsonMember const* flow : flows)
            addFlow(node, *flow);
    }

    /// `true` or `false`, or what the XML has.
    void adjusts(Node& node, JsonMember const& member) {
        llvm::StringRef word = member.value.text;
        for (auto const& [spelt, letter] :
             {std::pair(llvm::StringRef("true"), "Y"), std::pair(llvm::StringRef("false"), "N"),
              std::pair(llvm::StringRef("Bridge"), "B"), std::pair(llvm::StringRef("Dummy"), "D")})
            if (word.equals_insensitive(spelt))
                word = letter;
        set(node, Attr::entities_ADJUST_COND, word, member);
    }

    /// Each file of a list has parameters of its own: `FileTransfers[1].Src`.
    void parameter(Node& node, JsonMember const& member) {
        static constexpr llvm::StringRef kind = "parameter of a plug-in";
        bool const isList =
            member.key == "FileTransfers" && member.value.isArray() &&
            llvm::all_of(member.value.items, [](JsonValue const& item) { return item.isObject(); });
        if (!isList)
            return extra(node, member, kind, Part::parameter);
        node.extras.push_back(
            {member.keySpan, estate.constructs.intern(kind), Part::structure, {}, {}, {}});
        for (size_t i = 0; i < member.value.items.size(); ++i)
            for (JsonMember const& inner : member.value.items[i].members) {
                JsonMember named = inner;
                named.key =
                    estate.save(fmt::format("FileTransfers[{}].{}", i + 1, inner.key.str()));
                extra(node, named, kind, Part::parameter);
            }
    }

    static Property const* rowOf(Node const& node, llvm::StringRef key) {
        Property const* row = findProperty(Where::entity, key);
        if (!row && (in(node.row->id) & groups::anyFolder))
            row = findProperty(Where::anyFolder, key);
        if (!row && (in(node.row->id) & groups::topFolders))
            row = findProperty(Where::top, key);
        return row;
    }

    static bool isPlugIn(llvm::StringRef type) {
        return type != "Job:Command" && type != "Job:Script" && type != "Job:EmbeddedScript" &&
               type != "Job:Dummy" && type != "Job";
    }

    void jobType(Node& node, JsonMember const& member) {
        if (!node.is(E::job))
            return extra(node, member, "property Type");
        llvm::StringRef type = member.value.text;
        type.consume_front("Job:");
        if (type == "Command")
            set(node, Attr::entities_TASKTYPE, "Command", member);
        else if (type == "Dummy")
            set(node, Attr::entities_TASKTYPE, "Dummy", member);
        else if (type == "Script" || type == "EmbeddedScript" || type == "Job")
            set(node, Attr::entities_TASKTYPE, "Job", member);
        else
            set(node, Attr::entities_APPL_TYPE, type, member);
    }

    void child(Node& node, JsonMember const& member, std::vector<JsonMember const*>* flows) {
        llvm::StringRef const type = member.value.textOf("Type");
        bool const isFolder = (in(node.row->id) & groups::anyFolder) != 0;
        if (type.starts_with("Job") && !node.is(E::job)) {
            named(node, member, E::job);
        } else if (type == "SubFolder" && isFolder) {
            named(node, member, E::subFolder);
        } else if (type == "Flow" && flows) {
            flows->push_back(&member);
        } else if (type == "WaitForEvents") {
            waits(node, member);
        } else if (type == "AddEvents" || type == "DeleteEvents") {
            changes(node, member, type == "AddEvents");
        } else if (type == "Resource:Semaphore" || type == "Resource:Pool") {
            Node use = make(E::quantitative, member.keySpan, "object resource");
            set(use, Attr::quantitative_NAME, member.key, member.keySpan, member.keySpan, "");
            scalars(use, member.value, {{"Quantity", Attr::quantitative_QUANT}});
            node.children.push_back(std::move(use));
        } else if (type == "Resource:Mutex" || type == "Resource:Lock") {
            Node use = make(E::control, member.keySpan, "object resource");
            set(use, Attr::control_NAME, member.key, member.keySpan, member.keySpan, "");
            for (JsonMember const& inner : member.value.members)
                if (inner.key == "MutexType" || inner.key == "LockType")
                    set(use, Attr::control_TYPE, inner.value.text.starts_with("E") ? "E" : "S",
                        inner);
                else
                    extra(use, inner, "property of a resource");
            node.children.push_back(std::move(use));
        } else if (type.starts_with("If")) {
            condition(node, member);
        } else if (type.starts_with("Notify")) {
            Node shout = make(E::shout, member.keySpan, "object notify");
            for (JsonMember const& inner : member.value.members)
                if (inner.key == "Message")
                    set(shout, Attr::message_MESSAGE, inner.value.text, inner);
                else // a message changes nothing that runs
                    extra(shout, inner, "property of an object", Part::structure);
            node.children.push_back(std::move(shout));
        } else if (type == "Calendar:RuleBased") {
            node.children.push_back(rule(member));
        } else {
            diags.report<Code::UnknownJsonType>(member.keySpan, type)
                .object(member.key)
                .evidence(type);
            settle(member, "unknown object", Fidelity::dropped);
        }
    }

    void named(Node& node, JsonMember const& member, E id) {
        Node inner = entity(member, id);
        if (!inner.find(Attr::entities_JOBNAME))
            set(inner, Attr::entities_JOBNAME, member.key, member.keySpan, member.keySpan, "");
        node.children.push_back(std::move(inner));
    }

    // --- criteria ---

    Node rule(JsonMember const& member) {
        Node node = make(E::rule, member.keySpan, "object calendar");
        set(node, Attr::rule_NAME, member.key, member.keySpan, member.keySpan, "");
        for (JsonMember const& inner : member.value.members)
            if (inner.key == "When" && inner.value.isObject())
                when(node, inner.value);
            else
                extra(node, inner, "property of a calendar");
        return node;
    }

    /// CTM-114
    void when(Node& node, JsonValue const& object) {
        for (JsonMember const& member : object.members) {
            Property const* const row = findProperty(Where::when, member.key);
            if (row && findAttribute(node.row->id, attributeOf(row->attribute).keyword)) {
                set(node, *row, member);
            } else if (member.key == "RuleBasedCalendars" && member.value.isObject()) {
                ruleUses(node, member.value);
            } else if (member.key == "ConfirmationCalendars" && member.value.isObject()) {
                confirmation(node, member.value);
            } else if (member.key == "Months" && member.value.isArray()) {
                months(node, member);
            } else {
                extra(node, member, "property of When");
                node.hasOtherDays = true;
            }
        }
    }

    void confirmation(Node& node, JsonValue const& object) {
        static constexpr std::pair<llvm::StringRef, llvm::StringRef> policies[] = {
            {"DoNotOrder", "Ignore Job"},
            {"OrderOnNextConfirmedDay", "Next Day"},
            {"OrderOnPreviousConfirmedDay", "Prev Day"},
            {"OrderAnyway", "No Confcal"}};
        for (JsonMember const& member : object.members) {
            llvm::StringRef policy = member.value.text;
            for (auto const& [word, shift] : policies)
                if (policy == word)
                    policy = shift;
            if (member.key == "Calendar")
                set(node, Attr::scheduling_CONFCAL, member.value.text, member);
            else if (member.key == "ExceptionPolicy")
                set(node, Attr::scheduling_SHIFT, policy, member);
            else if (member.key == "ShiftBy")
                set(node, Attr::scheduling_SHIFTNUM, member.value.text, member);
            else
                extra(node, member, "property of an object");
        }
    }

    /// The twelve flags of the XML; what is no month is a bad value of the first.
    void months(Node& node, JsonMember const& member) {
        static constexpr llvm::StringRef names[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                    "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
        auto const has = [&](llvm::StringRef name) {
            return llvm::any_of(member.value.items, [&](JsonValue const& item) {
                return item.text.equals_insensitive(name);
            });
        };
        for (JsonValue const& item : member.value.items) {
            bool const isKnown = item.text.equals_insensitive("ALL") ||
                                 item.text.equals_insensitive("NONE") ||
                                 llvm::any_of(names, [&](llvm::StringRef name) {
                                     return item.text.equals_insensitive(name);
                                 });
            if (!isKnown)
                return set(node, Attr::scheduling_JAN, item.text, member);
        }
        for (unsigned month = 0; month < 12; ++month) {
            bool const isSet = has("ALL") || has(names[month]);
            auto const attribute =
                static_cast<Attr>(static_cast<unsigned>(Attr::scheduling_JAN) + month);
            set(node, attribute, isSet ? "1" : "0", member);
            node.fields.back().isImplied = month > 0; // counted once
        }
    }

    void ruleUses(Node& node, JsonValue const& object) {
        for (JsonMember const& member : object.members) {
            bool const isIncluded = member.key == "Included";
            if ((isIncluded || member.key == "Excluded") && member.value.isArray()) {
                for (JsonValue const& item : member.value.items) {
                    Node use = make(isIncluded ? E::ruleUse : E::ruleExclude, item.span,
                                    "use of a calendar");
                    set(use, Attr::usesRule_NAME, item.text, item.span, item.span, "");
                    node.children.push_back(std::move(use));
                }
            } else if (member.key == "Relationship" &&
                       findAttribute(node.row->id, "RULE_BASED_CALENDAR_RELATIONSHIP")) {
                set(node, Attr::entities_RULE_BASED_CALENDAR_RELATIONSHIP, member.value.text,
                    member);
            } else if (member.value.isObject()) {
                node.children.push_back(rule(member));
            } else {
                extra(node, member, "property of When");
            }
        }
    }

    /// CTM-115: a cyclic job, or a limit of reruns. What cannot be read refuses the job: a cycle
    /// that is guessed could run for ever.
    void rerun(Node& node, JsonMember const& member) {
        JsonValue const& object = member.value;
        bool const isLimit = member.key == "RerunLimit";
        if (member.key == "ActiveRetentionPolicy") // what stays to be looked at
            return extra(node, member, "property of an order", Part::structure);
        if (!object.isObject())
            return bad(node, member,
                       member.key == "RerunIntervals"       ? "an object with `Intervals`"
                       : member.key == "RerunSpecificTimes" ? "an object with `At`"
                       : isLimit                            ? "an object with `Times`"
                                                            : "an object with `Every`");
        if (!isLimit &&
            node.given(Attr::entities_CYCLIC)) // of two cycles nobody knows which counts
            return extra(node, member, "property Rerun");
        if (!isLimit)
            set(node, Attr::entities_CYCLIC, "1", member);
        if (member.key == "Rerun" && !object.find("Every"))
            return bad(node, member, "an object with `Every`");
        if (member.key == "RerunIntervals")
            implied(node, Attr::entities_CYCLIC_TYPE, "V");
        if (member.key == "RerunSpecificTimes")
            implied(node, Attr::entities_CYCLIC_TYPE, "S");
        bool const isEvery = member.key == "Rerun" || isLimit;
        for (JsonMember const& inner : object.members)
            if (&inner != object.find(inner.key)) // was reported
                extra(node, inner, "property given twice", Part::structure);
            else if (inner.key == "Times")
                once(node, Attr::entities_MAXRERUN, inner.value.text, inner);
            else if (inner.key == "Every" && isEvery)
                every(node, inner, object.find("Units"));
            else if (inner.key == "Units" && isEvery)
                units(node, inner);
            else if (inner.key == "From")
                from(node, inner);
            else if (inner.key == "Intervals" && member.key == "RerunIntervals")
                listed(node, Attr::entities_CYCLIC_INTERVAL_SEQUENCE, inner,
                       "a list of intervals such as `30M`");
            else if (inner.key == "At" && member.key == "RerunSpecificTimes")
                listed(node, Attr::entities_CYCLIC_TIMES_SEQUENCE, inner,
                       "a list of times such as `0800`");
            else if (inner.key == "Tolerance" && member.key == "RerunSpecificTimes")
                set(node, Attr::entities_CYCLIC_TOLERANCE, inner.value.text, inner);
            else
                extra(node, inner, "property of Rerun");
    }

    /// `Rerun` and `RerunLimit` share attributes of the XML; two values for one have no meaning.
    void once(Node& node, Attr attribute, llvm::StringRef value, JsonMember const& member) {
        Field const* const other = node.given(attribute);
        if (other && other->value != value)
            return extra(node, member, "property of Rerun");
        if (value.trim().empty())
            return bad(node, member, "a number");
        set(node, attribute, value, member);
    }

    static llvm::StringRef unitOf(JsonMember const* units) {
        if (!units) // as Control-M has it
            return "M";
        for (llvm::StringRef const word : {"Minutes", "Hours", "Days"})
            if (isScalar(units->value) && units->value.text.equals_insensitive(word))
                return word.take_front(1);
        return {};
    }
    void units(Node& node, JsonMember const& member) {
        if (unitOf(&member).empty())
            bad(node, member, "`Minutes`, `Hours` or `Days`");
        else
            extra(node, member, "property of Rerun", Part::structure);
    }
    void every(Node& node, JsonMember const& member, JsonMember const* units) {
        llvm::StringRef const number = member.value.text.trim();
        bool const isNumber = isScalar(member.value) && !number.empty() && number.size() <= 6 &&
                              llvm::all_of(number, llvm::isDigit);
        if (!isNumber)
            return bad(node, member, "a number; what it counts is said by `Units`");
        once(node, Attr::entities_INTERVAL, estate.save((number + unitOf(units)).str()), member);
    }
    void from(Node& node, JsonMember const& member) {
        static constexpr llvm::StringRef words[] = {"Start", "End", "Target"};
        llvm::StringRef word = isScalar(member.value) ? member.value.text : llvm::StringRef();
        word.consume_front("Run"); // as older releases write it
        if (llvm::none_of(words, [&](llvm::StringRef one) { return word.equals_insensitive(one); }))
            return bad(node, member, "`Start`, `End` or `Target`");
        once(node, Attr::entities_IND_CYCLIC, word, member);
    }
    void listed(Node& node, Attr attribute, JsonMember const& member, llvm::StringRef wanted) {
        if (!isOfTexts(member.value) || member.value.items.empty())
            return bad(node, member, wanted);
        std::string joined;
        for (JsonValue const& item : member.value.items)
            joined += (joined.empty() ? "" : ",") + item.text.str();
        set(node, attribute, estate.save(joined), member);
    }

    /// A list of objects, or an object; each member sets one.
    void variables(Node& node, JsonMember const& member) {
        static constexpr llvm::StringRef wanted =
            "variables as objects such as `{\"NAME\": \"value\"}`";
        auto const one = [&](JsonMember const& variable) {
            if (variable.key.trim().empty() || !isScalar(variable.value))
                return bad(node, variable, "a text or a number");
            Node made = make(E::variable, variable.keySpan, "variable");
            set(made, Attr::setsVariable_NAME, variable.key, variable.keySpan, variable.keySpan,
                "");
            set(made, Attr::setsVariable_VALUE, variable.value.text, variable);
            node.children.push_back(std::move(made));
        };
        if (isScalar(member.value))
            return bad(node, member, wanted);
        for (JsonValue const& item : member.value.items)
            if (!item.isObject())
                bad(node, item, "Variables", wanted);
            else
                for (JsonMember const& variable : item.members)
                    one(variable);
        for (JsonMember const& variable : member.value.members)
            one(variable);
        if (member.value.items.empty() && member.value.members.empty())
            extra(node, member, "property Variables", Part::structure);
    }

    // --- events (CTM-110…112) ---

    static llvm::StringRef dateOf(llvm::StringRef date) {
        static constexpr std::pair<llvm::StringRef, llvm::StringRef> words[] = {
            {"OrderDate", "ODAT"}, {"PreviousOrderDate", "PREV"}, {"NextOrderDate", "NEXT"},
            {"NoDate", "STAT"},    {"AnyDate", "****"},           {"", "ODAT"}};
        for (auto const& [word, odate] : words)
            if (date.equals_insensitive(word))
                return odate;
        return date;
    }

    Node event(JsonValue const& item, E id, Attr name, Attr date) {
        Node node = make(id, item.span, "event");
        for (JsonMember const& member : item.members)
            if (member.key == "Event")
                set(node, name, member.value.text, member);
            else if (member.key == "Date" || member.key == "OrderDate")
                set(node, date, dateOf(member.value.text), member);
            else
                extra(node, member, "property of an event");
        return node;
    }

    void waits(Node& node, JsonMember const& member) {
        extraKey(node, member, "object WaitForEvents");
        JsonMember const* const events = member.value.find("Events");
        if (!events)
            return;
        if (!events->value.isArray())
            return bad(node, *events, "a list of events");
        std::vector<Node> terms;
        std::string opening;
        llvm::StringRef joined = "A";
        bool hasOr = false;
        for (JsonValue const& item : events->value.items) {
            if (item.isObject()) {
                Node term = event(item, E::incond, Attr::incond_NAME, Attr::incond_ODATE);
                implied(term, Attr::incond_AND_OR, joined);
                if (!opening.empty())
                    implied(term, Attr::incond_OP, estate.save(opening));
                opening.clear();
                joined = "A"; // CTM-111
                terms.push_back(std::move(term));
                continue;
            }
            if (!isScalar(item) || !isOperator(item.text, terms.empty())) {
                bad(node, item, "Events", "an event, `AND`, `OR`, `(` or `)`");
                continue;
            }
            node.extras.push_back(
                {item.span, estate.constructs.intern("operator of events"), {}, {}, {}, {}});
            if (item.text == "(") {
                opening += '(';
            } else if (item.text == ")" && !terms.empty()) {
                bracket(terms.back(), ")");
            } else if (item.text.equals_insensitive("OR")) {
                joined = "O";
                hasOr = true;
            }
        }
        // Several lists in one job are joined by AND, each as a whole.
        if (hasOr && terms.size() > 1) {
            bracket(terms.front(), "(");
            bracket(terms.back(), ")");
        }
        for (Node& term : terms)
            node.children.push_back(std::move(term));
    }

    static bool isOperator(llvm::StringRef text, bool isFirst) {
        return text == "(" || (!isFirst && (text == ")" || text.equals_insensitive("AND") ||
                                            text.equals_insensitive("OR")));
    }

    void bracket(Node& term, llvm::StringRef text) {
        for (Field& field : term.fields)
            if (field.row->id == Attr::incond_OP) {
                field.value = estate.save((field.value + text).str());
                return;
            }
        implied(term, Attr::incond_OP, text);
    }

    void changes(Node& node, JsonMember const& member, bool adds) {
        extraKey(node, member, adds ? "object AddEvents" : "object DeleteEvents");
        JsonMember const* const events = member.value.find("Events");
        if (!events)
            return;
        if (!events->value.isArray())
            return bad(node, *events, "a list of events");
        for (JsonValue const& item : events->value.items)
            if (item.isObject())
                node.children.push_back(change(item, E::outcond, adds));
            else
                bad(node, item, "Events", "an event");
    }

    Node change(JsonValue const& item, E id, bool adds) {
        Node made = event(item, id, Attr::addsCondition_NAME, Attr::addsCondition_ODATE);
        implied(made, Attr::addsCondition_SIGN, adds ? "+" : "-");
        return made;
    }

    /// `a-TO-b`: added by a, awaited and deleted by b (CTM-112).
    void addFlow(Node& node, JsonMember const& flow) {
        extraKey(node, flow, "object flow");
        JsonMember const* const sequence = flow.value.find("Sequence");
        if (!sequence)
            return;
        llvm::StringMap<size_t> jobs;
        for (size_t i = 0; i < node.children.size(); ++i)
            if (in(node.children[i].row->id) & groups::entities)
                jobs.try_emplace(node.children[i].value(Attr::entities_JOBNAME), i);
        JsonValue const* before = nullptr;
        for (JsonValue const& item : sequence->value.items) {
            node.extras.push_back(
                {item.span, estate.constructs.intern("step of a flow"), {}, {}, {}, {}});
            if (!jobs.contains(item.text)) {
                diags.report<Code::UnknownFlowStep>(item.span, item.text)
                    .object(flow.key)
                    .evidence(item.text);
                before = nullptr;
                continue;
            }
            if (before) {
                llvm::StringRef const name = estate.save((before->text + "-TO-" + item.text).str());
                Node& from = node.children[jobs[before->text]];
                Node& to = node.children[jobs[item.text]];
                from.children.push_back(
                    impliedEvent(E::outcond, Attr::addsCondition_NAME, name, "+", before->span));
                to.children.push_back(
                    impliedEvent(E::incond, Attr::incond_NAME, name, "", item.span));
                to.children.push_back(
                    impliedEvent(E::outcond, Attr::addsCondition_NAME, name, "-", item.span));
            }
            before = &item;
        }
    }

    Node impliedEvent(E id, Attr attribute, llvm::StringRef name, llvm::StringRef sign,
                      Span where) {
        Node node = make(id, where, "event");
        node.isImplied = true;
        implied(node, attribute, name);
        if (!sign.empty())
            implied(node, Attr::addsCondition_SIGN, sign);
        return node;
    }

    // --- rules (CTM-113) ---

    void condition(Node& node, JsonMember const& member) {
        Node on = make(E::on, member.keySpan, "object If");
        for (JsonMember const& inner : member.value.members) {
            llvm::StringRef const type = inner.value.textOf("Type");
            if (llvm::StringRef const code = codeOf(inner); !code.empty())
                set(on, Attr::on_CODE, code, inner);
            else if (inner.key == "Code" && member.value.textOf("Type") == "If:Output")
                set(on, Attr::on_CODE, inner.value.text, inner);
            else if (inner.key == "Statement" && member.value.textOf("Type") == "If:Output")
                set(on, Attr::on_STMT, inner.value.text, inner);
            else if (inner.value.isObject() && !type.empty())
                action(on, inner, type);
            else
                extra(on, inner, "property of If");
        }
        node.children.push_back(std::move(on));
    }

    /// As the XML has it: `COMPSTAT>4` (CTM-072, CTM-113).
    llvm::StringRef codeOf(JsonMember const& test) {
        static constexpr std::pair<llvm::StringRef, llvm::StringRef> counts[] = {
            {"CompletionStatus", "COMPSTAT"},
            {"NumberOfReruns", "RERUNCOUNT"},
            {"NumberOfFailures", "FAILCOUNT"},
            {"NumberOfExecutions", "RUNCOUNT"}};
        llvm::StringRef const text = test.value.text.trim();
        for (auto const& [key, word] : counts) {
            if (test.key != key)
                continue;
            bool const isCompared = !text.empty() && llvm::StringRef("<>=!").contains(text[0]);
            bool const isNumber = !text.empty() && llvm::isDigit(text[0]);
            if (isCompared || isNumber || text.equals_insensitive("EVEN") ||
                text.equals_insensitive("ODD"))
                return estate.save((word + (isCompared ? "" : "=") + text).str());
            return text; // OK, NOTOK, ANY
        }
        return {};
    }

    void action(Node& on, JsonMember const& member, llvm::StringRef type) {
        static constexpr std::pair<llvm::StringRef, llvm::StringRef> verdicts[] = {
            {"Action:SetToOK", "OK"},
            {"Action:SetToNotOK", "NOTOK"},
            {"Action:Rerun", "RERUN"},
            {"Action:StopCyclicRun", "SPCYC"}};
        for (auto const& [word, verdict] : verdicts)
            if (type == word) {
                Node made = make(E::doAction, member.keySpan, "action");
                implied(made, Attr::doAction_ACTION, verdict);
                for (JsonMember const& inner : member.value.members)
                    extra(made, inner, "property of an action");
                on.children.push_back(std::move(made));
                return;
            }
        static constexpr struct {
            E id;
            llvm::StringRef key;
            Attr attribute;
        } known[] = {{E::doForceJob, "Folder", Attr::doForceJob_TABLE_NAME},
                     {E::doForceJob, "Job", Attr::doForceJob_NAME},
                     {E::doForceJob, "ControlmServer", Attr::doForceJob_DATACENTER},
                     {E::doMail, "To", Attr::message_DEST},
                     {E::doMail, "Subject", Attr::message_SUBJECT},
                     {E::doMail, "Message", Attr::message_MESSAGE},
                     {E::doShout, "Destination", Attr::message_DEST},
                     {E::doMail, "Urgency", Attr::message_URGENCY},
                     {E::doMail, "CC", Attr::doMail_CC_DEST},
                     {E::doMail, "AttachOutput", Attr::doMail_ATTACH_SYSOUT},
                     {E::doShout, "Message", Attr::message_MESSAGE},
                     {E::doShout, "Urgency", Attr::message_URGENCY},
                     {E::doVariable, "Variable", Attr::setsVariable_NAME},
                     {E::doVariable, "Value", Attr::setsVariable_VALUE}};
        if (type == "Event:Add" || type == "Event:Delete") {
            on.children.push_back(change(member.value, E::doCond, type == "Event:Add"));
            return;
        }
        E const id = type == "Run" || type == "Action:Run"                   ? E::doForceJob
                     : type == "Mail" || type == "Action:Mail"               ? E::doMail
                     : type.starts_with("Notify") || type == "Action:Notify" ? E::doShout
                     : type == "Action:Set"                                  ? E::doVariable
                                                                             : E::doOutput;
        Node made = make(id, member.keySpan, "action");
        // What a message or a listing says beside its text changes nothing that runs.
        bool const decides = id == E::doForceJob || id == E::doVariable ||
                             (id == E::doOutput && type != "Action:Output" && type != "Output");
        for (JsonMember const& inner : member.value.members) {
            auto const row = llvm::find_if(
                known, [&](auto const& one) { return one.id == id && one.key == inner.key; });
            if (row != std::end(known))
                set(made, row->attribute, inner.value.text, inner);
            else if (id == E::doForceJob && (inner.key == "Date" || inner.key == "OrderDate"))
                set(made, Attr::doForceJob_ODATE, dateOf(inner.value.text), inner);
            else
                extra(made, inner, "property of an action",
                      decides ? Part::unknown : Part::structure);
        }
        if (decides && id == E::doOutput)
            made.extras.push_back(
                {member.keySpan, estate.constructs.intern("action"), Part::unknown, type, {}});
        on.children.push_back(std::move(made));
    }

    // --- defaults (CTM-110) ---

    void applyDefaults(Node& node, llvm::StringRef type) {
        if (!defaults)
            return;
        applyFrom(node, *defaults);
        for (llvm::StringRef const key :
             {type, node.is(E::job) ? llvm::StringRef("Job") : llvm::StringRef("Folder")})
            if (JsonMember const* own = defaults->find(key); own && own->value.isObject())
                applyFrom(node, own->value);
    }

    /// Defaults for all, or for a kind, may hold any property (CTM-110). Those that are no rows of
    /// the table are not merged; names of kinds are.
    static bool decides(JsonMember const& member) {
        return member.key != "Type" && member.key != "Comment" && member.key != "//Comment" &&
               member.key != "Folder" && member.key != "Job" && member.key != "SubFolder" &&
               member.key != "SimpleFolder" && !member.key.starts_with("Job:") &&
               !findProperty(Where::anyFolder, member.key) && !findProperty(Where::top, member.key);
    }

    void applyFrom(Node& node, JsonValue const& object) {
        for (JsonMember const& member : object.members)
            if (Property const* row = rowOf(node, member.key); row && !node.find(row->attribute)) {
                size_t const fields = node.fields.size(), extras = node.extras.size();
                set(node, *row, member);
                if (node.fields.size() > fields)
                    node.fields.back().isImplied = true; // counted where it stands
                else
                    node.extras.resize(extras + 1);
            } else if (!row && decides(member)) {
                node.extras.push_back({member.keySpan,
                                       estate.constructs.intern("defaults"),
                                       Part::unknown,
                                       estate.save(("Defaults " + member.key).str()),
                                       {}});
            }
    }

    void unknownProperty(JsonMember const& member, llvm::StringRef what, Node const* node) {
        if (member.key != "Comment" && member.key != "//Comment") {
            auto finding = diags.report<Code::UnknownProperty>(member.keySpan, what, member.key);
            finding.evidence(member.key);
            llvm::SmallVector<llvm::StringRef, 64> known(std::begin(structural),
                                                         std::end(structural));
            for (Property const& row : properties)
                if (node && rowOf(*node, row.key))
                    known.push_back(row.key);
            if (llvm::StringRef const near = nearestOf(member.key, known); node && !near.empty())
                finding.help(fmt::format("did you mean `{}`?", near.str()));
        }
        settle(member, "unknown property", Fidelity::dropped);
    }

    diag::Diagnostics& diags;
    Lowering& lowering;
    JsonValue const* defaults = nullptr;
};

} // namespace

void readJsonFile(FileId file, ir::Estate& estate, diag::Diagnostics& diags, Lowering& lowering) {
    bool isWhole = true;
    JsonValue const all = readJson(file, estate, diags, isWhole);
    Reader(estate, diags, lowering).file(all);
    if (isWhole)
        return;
    estate.refusals.push_back({estate.sources.wholeFile(file), {}});
    estate.constructs.settle(
        estate.constructs.add(estate.sources.wholeFile(file), "unread rest of a file"),
        Fidelity::refused, "syntax error");
}

} // namespace hoist::controlm
