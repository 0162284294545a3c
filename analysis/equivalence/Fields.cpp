// Which comparison a job and its task get, and what they all share.
#include "analysis/equivalence/JobComparison.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>
#include <llvm/Support/ConvertUTF.h>

#include <fmt/format.h>

namespace hoist::equivalence {

llvm::StringRef toString(Difference::Aspect aspect) {
    switch (aspect) {
    case Aspect::start: return "start";
    case Aspect::order: return "order";
    case Aspect::verdict: return "verdict";
    case Aspect::schedule: return "schedule";
    case Aspect::action: return "action";
    case Aspect::limit: return "limit";
    case Aspect::retry: return "retry";
    case Aspect::resource: return "resource";
    case Aspect::alarm: return "alarm";
    case Aspect::shape: return "shape";
    }
    return "";
}

namespace {

nlohmann::json const nothing;

/// The bytes of a text that are no UTF-8, written by `form(byte)`; others stay.
template <class Form>
std::string withInvalidBytes(llvm::StringRef bytes, Form form) {
    std::string text;
    for (size_t at = 0; at < bytes.size();) {
        auto const* begin = reinterpret_cast<llvm::UTF8 const*>(bytes.data()) + at;
        size_t const length = llvm::getNumBytesForUTF8(*begin);
        if (length <= bytes.size() - at && llvm::isLegalUTF8Sequence(begin, begin + length)) {
            text += bytes.substr(at, length);
            at += length;
        } else {
            text += form(static_cast<unsigned char>(bytes[at++]));
        }
    }
    return text;
}

} // namespace

bool isSameText(llvm::StringRef bytes, llvm::StringRef exported) {
    if (bytes == exported)
        return true;
    auto const twoBytes = [](unsigned char byte) {
        return std::string{static_cast<char>(0xC0 | byte >> 6),
                           static_cast<char>(0x80 | (byte & 0x3F))};
    };
    // U+DC80…U+DCFF, as `surrogatepass` writes them.
    auto const surrogate = [](unsigned char byte) {
        return std::string{static_cast<char>(0xED), static_cast<char>(0xB0 | byte >> 6),
                           static_cast<char>(0x80 | (byte & 0x3F))};
    };
    return exported == withInvalidBytes(bytes, twoBytes) ||
           exported == withInvalidBytes(bytes, surrogate);
}

std::string inTicks(llvm::StringRef text) {
    std::string line = "`";
    for (char c : text) {
        if (c == '\n')
            line += "\\n";
        else if (c == '\t')
            line += "\\t";
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else
            line += c;
    }
    return line + "`";
}

std::string excerpt(llvm::StringRef text, llvm::StringRef other) {
    constexpr size_t longest = 120, before = 40;
    if (text.size() <= longest)
        return inTicks(text);
    size_t first = 0;
    while (first < text.size() && first < other.size() && text[first] == other[first])
        ++first;
    size_t begin = first > before ? first - before : 0;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80)
        --begin;
    llvm::StringRef const part = text.substr(begin, longest);
    return (begin ? "... " : "") + inTicks(part) +
           (begin + part.size() < text.size() ? " ..." : "");
}

std::string seconds(int64_t count) {
    if (count >= 60 && count % 60 == 0)
        return count == 60 ? "1 minute" : fmt::format("{} minutes", count / 60);
    return fmt::format("{} s", count);
}

/// Calls `found(begin, end, name)` for each reference to a global variable.
template <class Found>
static void forEachGlobal(llvm::StringRef text, Found found) {
    for (size_t at = 0; (at = text.find("$$", at)) != llvm::StringRef::npos;) {
        size_t const name = at + 2;
        if (text.substr(name).starts_with("{")) {
            size_t const end = text.find_first_of("{}", name + 1);
            if (end != llvm::StringRef::npos && text[end] == '}') {
                found(at, end + 1, text.slice(name + 1, end));
                at = end + 1;
                continue;
            }
        } else {
            size_t end = name;
            while (end < text.size() &&
                   (llvm::isAlnum(text[end]) || llvm::StringRef("_.#-").contains(text[end])))
                ++end;
            if (end > name) {
                found(at, end, text.slice(name, end));
                at = end;
                continue;
            }
        }
        ++at;
    }
}

std::string canonicalGlobals(llvm::StringRef text) {
    std::string canonical;
    size_t done = 0;
    forEachGlobal(text, [&](size_t begin, size_t end, llvm::StringRef name) {
        canonical += text.slice(done, begin);
        canonical += "$${";
        canonical += name;
        canonical += '}';
        done = end;
    });
    canonical += text.substr(done);
    return canonical;
}

bool hasGlobals(llvm::StringRef text) {
    bool any = false;
    forEachGlobal(text, [&](size_t, size_t, llvm::StringRef) { any = true; });
    return any;
}

std::optional<ManifestAlarms> readManifestAlarms(nlohmann::json const& manifest,
                                                 std::string& error) {
    auto const rows = manifest.is_object() ? manifest.find("alarms") : manifest.end();
    if (!manifest.is_object() || rows == manifest.end() || !rows->is_array()) {
        error = "it has no list `alarms`";
        return std::nullopt;
    }
    ManifestAlarms alarms;
    for (nlohmann::json const& row : *rows)
        if (row.is_object() && row.contains("job") && row["job"].is_string())
            alarms.byJob[row["job"].get_ref<std::string const&>()] = row;
    return alarms;
}

FieldComparison::FieldComparison(ir::Estate const& givenEstate, ManifestAlarms const* given)
    : estate(givenEstate), shared(givenEstate), manifest(given), site(givenEstate.settings) {
    for (ir::Job const& job : estate.jobs)
        if (!job.group && job.priority && *job.priority > 0 && job.load && *job.load > 0 &&
            job.machines && job.machines->size() == 1)
            competedMachines.insert(job.machines->front());
}

void FieldComparison::compareTask(JobId job, target::Dag const& dag, target::Task const& task,
                                  Findings& out) {
    JobComparison(*this, job, dag, task, out).run();
}

void FieldComparison::compareOrder(JobId job, target::Dag const& dag, target::Task const& task,
                                   llvm::ArrayRef<int64_t> ticks, Findings& out) {
    JobComparison(*this, job, dag, task, out).compareOrder(ticks);
}

void FieldComparison::compareUnits(JobId folder, target::Dag const& dag, target::Task const& start,
                                   Findings& out) {
    JobComparison(*this, folder, dag, start, out).comparePools();
}

static Operator operatorOf(target::Task const& task, bool& wrapped) {
    llvm::StringRef type = task.type;
    llvm::StringRef const module = task.module;
    wrapped = module == "hoist_airflow.job" && type.consume_front("Legacy");
    if (module.starts_with("hoist_airflow.") && !wrapped)
        return llvm::StringSwitch<Operator>(type)
            .Case("Command", Operator::command)
            .Case("FileWatcher", Operator::watcher)
            .Case("OrderedCommand", Operator::orderedCommand)
            .Cases("OrderedDummy", "FolderStart", Operator::orderedDummy)
            .Case("OrderedFileWatcher", Operator::orderedWatcher)
            .Case("OrderedQuery", Operator::orderedQuery)
            .Cases("Opaque", "Unsupported", "OrderedOpaque", "OrderedUnsupported",
                   Operator::refusal)
            .Default(Operator::other);
    // A class of somebody's own that only inherits from a stock one may do anything.
    if (!wrapped && !module.starts_with("airflow."))
        return Operator::other;
    return llvm::StringSwitch<Operator>(type)
        .Case("BashOperator", Operator::bash)
        .Case("SSHOperator", Operator::ssh)
        .Case("FileSensor", Operator::fileSensor)
        .Case("EmptyOperator", Operator::empty)
        .Default(Operator::other);
}

JobComparison::JobComparison(FieldComparison& givenAll, JobId givenId, target::Dag const& givenDag,
                             target::Task const& givenTask, Findings& givenOut)
    : all(givenAll), estate(all.estate), id(givenId), job(estate.jobs[givenId]), dag(givenDag),
      task(givenTask), out(givenOut), firstAssumption(out.assumptions.size()),
      placement(all.site.of(job)), kind(operatorOf(task, wrapped)) {}

nlohmann::json const& JobComparison::argument(llvm::StringRef name) const {
    for (char const* key : {"arguments", "template_fields"}) {
        nlohmann::json const& part = field(key);
        if (!part.is_object())
            continue;
        if (auto it = part.find(name.str()); it != part.end())
            return *it;
    }
    return nothing;
}

nlohmann::json const& JobComparison::field(llvm::StringRef name) const {
    if (!task.fields.is_object())
        return nothing;
    auto it = task.fields.find(name.str());
    return it == task.fields.end() ? nothing : *it;
}

std::string JobComparison::text(nlohmann::json const& value) const {
    if (value.is_null())
        return {};
    return value.is_string() ? value.get<std::string>() : value.dump();
}

bool JobComparison::isAbsent(nlohmann::json const& value) { return &value == &nothing; }

bool JobComparison::isTrue(nlohmann::json const& value) const {
    return value.is_boolean() && value.get<bool>();
}

Span JobComparison::at(ir::ConstructId construct) const {
    return construct ? estate.constructs.span(construct) : job.nameSpan;
}

void JobComparison::differ(Aspect aspect, Span where, std::string legacy, std::string airflow,
                           std::string consequence) {
    out.differences.push_back({aspect, id, where.isValid() ? where : job.nameSpan, task.id,
                               std::move(legacy), std::move(airflow), std::move(consequence)});
}

void JobComparison::assume(std::string name, std::string words) {
    for (size_t i = firstAssumption; i < out.assumptions.size(); ++i)
        if (out.assumptions[i].name == name)
            return;
    out.assumptions.push_back({std::move(name), std::move(words), id});
}

void JobComparison::assumeRule(size_t rule, llvm::StringRef what) {
    assume(fmt::format("site-rule:{}", rule),
           fmt::format("rule {} of hoist.toml says {}, and that is meant", rule,
                       std::string_view(what)));
}

void JobComparison::unknown(std::string reason) {
    out.unknowns.push_back({std::move(reason), id, task.id});
}

/// A task that always fails, in the place of an action that nobody translated.
bool JobComparison::isRefusal() {
    if (kind != Operator::refusal)
        return false;
    bool const isOpaque = llvm::StringRef(task.type).ends_with("Opaque");
    std::string const what = text(argument(isOpaque ? "kind" : "reason"));
    unknown(fmt::format("{} stands in for an action that is not translated ({}): it fails whenever "
                        "it is reached",
                        task.type, what.empty() ? "no reason given" : what));
    return true;
}

/// The operator that a rule of the site names for the job.
bool JobComparison::isBySiteOperator() {
    if (!placement.operatorClass)
        return false;
    std::string const& dotted = placement.operatorClass.value;
    std::string const name = llvm::StringRef(dotted).rsplit('.').second.str();
    bool const same = task.type == name || task.type == "Legacy" + name ||
                      task.type == "Ordered" + name ||
                      std::find(task.bases.begin(), task.bases.end(), name) != task.bases.end();
    if (!same) {
        differ(Aspect::shape, job.nameSpan,
               fmt::format("rule {} of hoist.toml gives it to `{}`", placement.operatorClass.rule,
                           dotted),
               fmt::format("a `{}`", task.type),
               fmt::format("{} would run another operator than the site decided", job.name.str()));
        return true;
    }
    assumeRule(placement.operatorClass.rule,
               fmt::format("`{}` does what {} does", dotted, job.name.str()));
    auto const* action = std::get_if<ir::CommandAction>(&job.action);
    for (auto const& [key, pattern] : placement.arguments) {
        nlohmann::json const& given = argument(key);
        if (given.is_null()) // not among what the export holds of a class of the site
            continue;
        std::string wanted;
        for (llvm::StringRef rest = pattern; !rest.empty();) {
            if (rest.consume_front("{command}"))
                wanted += action ? action->command.value : llvm::StringRef();
            else if (rest.consume_front("{job}"))
                wanted += job.name;
            else if (rest.consume_front("{machine}"))
                wanted += job.machines->empty() ? llvm::StringRef() : job.machines->front();
            else if (rest.consume_front("{owner}"))
                wanted += job.owner.value;
            else {
                wanted += rest.front();
                rest = rest.drop_front();
            }
        }
        if (std::string const found = text(given); !isSameText(wanted, found))
            differ(Aspect::action, job.nameSpan,
                   fmt::format("rule {} gives {} = {}", placement.operatorClass.rule, key,
                               excerpt(wanted, found)),
                   fmt::format("{} = {}", key, excerpt(found, wanted)),
                   fmt::format("{} would run with another `{}` than the site decided",
                               job.name.str(), key));
    }
    return true;
}

/// Attributes with an effect that has no model: the front end has reported each.
void JobComparison::compareKept() {
    if (std::holds_alternative<ir::OpaqueAction>(job.action))
        return; // part of the action
    for (ir::KeptAttribute const& kept : job.kept)
        assume(fmt::format("attribute-ignored:{}:{}", kept.key.str(), job.name.str()),
               fmt::format("`{}` of {} has no effect that anybody relies on", kept.key.str(),
                           job.name.str()));
}

void JobComparison::run() {
    if (isTrue(field("mapped"))) {
        unknown("a mapped task runs as many copies as its input has: the definition runs one");
        return;
    }
    if (isRefusal())
        return;
    bool const noexec = job.begins(ir::InitialStatus::onNoExec);
    if (isBySiteOperator()) {
        // Its action is the site's; policies follow below.
    } else if (kind == Operator::empty) {
        if (!noexec)
            differ(Aspect::action, job.nameSpan, "executes its action", "an EmptyOperator",
                   fmt::format("{} would succeed without having done anything", job.name.str()));
    } else if (auto const* command = std::get_if<ir::CommandAction>(&job.action)) {
        if (kind == Operator::command)
            compareShimCommand(*command);
        else if (kind == Operator::bash || kind == Operator::ssh)
            compareStockCommand(*command);
        else if (isShim() || kind == Operator::fileSensor)
            differ(Aspect::shape, job.nameSpan, "runs a command", fmt::format("a {}", task.type),
                   fmt::format("{} would never execute its command", job.name.str()));
        else
            unknown(fmt::format("what a `{}` does cannot be read off its fields", task.type));
    } else if (auto const* watch = std::get_if<ir::FileWatchAction>(&job.action)) {
        if (kind == Operator::watcher)
            compareShimWatcher(*watch);
        else if (kind == Operator::fileSensor)
            compareFileSensor(*watch);
        else if (kind == Operator::command)
            differ(Aspect::shape, job.nameSpan, "waits for a file", fmt::format("a {}", task.type),
                   fmt::format("{} would run a command instead of waiting for its file (TR-48)",
                               job.name.str()));
        else
            unknown(fmt::format("whether a `{}` waits for the file cannot be read off its fields",
                                task.type));
    } else if (auto const* opaque = std::get_if<ir::OpaqueAction>(&job.action)) {
        unknown(
            fmt::format("a job of type {} has no model, and no rule of the site maps it to `{}`",
                        opaque->kind.str(), task.type));
    }
    compareNoExec();
    compareQueue();
    compareRetries();
    compareTimeLimit();
    comparePools();
    compareAlarms();
    compareEndFacts();
    compareControl();
    compareKept();
}

} // namespace hoist::equivalence
