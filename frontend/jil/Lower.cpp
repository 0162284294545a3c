// What all lowerings share, and the objects that are no jobs and no calendars.
#include "frontend/jil/Lower.h"

#include "frontend/jil/Values.h"

#include <fmt/format.h>

namespace hoist::jil {

using namespace ir;
using diag::Code;
using diag::Fidelity;

Lowering::Lowering(Estate& target, diag::Diagnostics& findings, llvm::ArrayRef<Definition> folded)
    : estate(target), diags(findings), placeholders(target, findings), definitions(folded) {
    for (Definition const& definition : definitions)
        if (definition.isAlive && definition.subject == Subject::jobType)
            jobTypes[definition.name] = &definition;
}

Definition const* Lowering::jobType(llvm::StringRef name) const { return jobTypes.lookup(name); }

void Lowering::run() {
    // One allocation: growing would copy every job, as not all of their members move without
    // throwing.
    size_t jobs = estate.jobs.size();
    for (Definition const& definition : definitions)
        jobs += definition.isAlive && definition.subject == Subject::job;
    estate.jobs.reserve(jobs);
    for (Definition const& definition : definitions) {
        if (!definition.isAlive)
            continue;
        switch (definition.subject) {
        case Subject::job: job(definition); break;
        case Subject::machine: machine(definition); break;
        case Subject::resource: resource(definition); break;
        case Subject::variable: variable(definition); break;
        case Subject::instance:
        case Subject::monitor:
        case Subject::jobType:
        case Subject::connectionProfile:
        case Subject::blob: opaque(definition); break;
        case Subject::calendar: calendar(definition); break;
        case Subject::extendedCalendar: extendedCalendar(definition); break;
        case Subject::cycle: cycle(definition); break;
        }
    }
}

/// `\:` outside quotes becomes `:` (JIL-012); everything else, quotes included, is passed on
/// (JIL-017).
static llvm::StringRef verbatimText(llvm::StringRef value, Estate& estate) {
    if (!value.contains("\\:"))
        return value;
    std::string out;
    bool isQuoted = false;
    for (size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '\\' && i + 1 < value.size()) {
            if (value[i + 1] == ':' && !isQuoted)
                ++i;
            else
                out += value[i++];
        } else if (value[i] == '"') {
            isQuoted = !isQuoted;
        }
        out += value[i];
    }
    return estate.save(out);
}

static bool isQuotedInPart(llvm::StringRef value) {
    if (!value.starts_with("\""))
        return false;
    size_t close = 1;
    while (close < value.size() && value[close] != '"')
        close += value[close] == '\\' && close + 1 < value.size() ? 2 : 1;
    return close + 1 < value.size();
}

llvm::StringRef Lowering::text(Entry const& entry, llvm::StringRef object) {
    llvm::StringRef const value =
        placeholders.resolve(entry.value, entry.where, entry.row->kind, object).trim();
    switch (entry.row->kind) {
    case ValueKind::verbatim: return verbatimText(value, estate);
    case ValueKind::assignments:
    case ValueKind::blob: return value;
    case ValueKind::text:
    case ValueKind::path:
    case ValueKind::word:
    case ValueKind::name:
        if (isQuotedInPart(value)) {
            diags.report<Code::TextAfterQuote>(entry.where, entry.key)
                .object(object)
                .evidence(value.take_front(80))
                .help("close the quote at the end of the value");
            return value;
        }
        return plainText(value, estate);
    default: return plainText(value, estate);
    }
}

Span Lowering::partSpan(Entry const& entry, llvm::StringRef part) const {
    if (part.empty() || part.begin() < entry.value.begin() || part.end() > entry.value.end())
        return entry.where;
    uint32_t const begin =
        entry.where.begin + static_cast<uint32_t>(part.begin() - entry.value.begin());
    return {begin, begin + static_cast<uint32_t>(part.size())};
}

void Lowering::badValue(Entry const& entry, Span where, llvm::StringRef value,
                        llvm::StringRef wanted, llvm::StringRef object) {
    llvm::StringRef const key = entry.row->keyword.empty() ? entry.key : entry.row->keyword;
    std::string shown = value.take_front(60).str();
    diags.report<Code::BadValue>(where, shown, key, wanted)
        .object(object)
        .evidence(shown)
        .note("AutoSys rejects the definition with such a value: the job would keep its old one");
    settle(entry, Fidelity::refused, "bad value");
}

void Lowering::unknown(Entry const& entry, llvm::StringRef what, Definition const& definition) {
    uint32_t const begin = estate.constructs.span(entry.construct).begin;
    Span const key{begin, begin + static_cast<uint32_t>(entry.key.size())};
    auto finding = diags.report<Code::UnknownAttribute>(key, what, entry.key);
    finding.object(definition.name)
        .evidence(entry.key)
        .note("`jil` rejects the statement: this definition is not what runs in production");
    if (llvm::StringRef const near = nearestAttribute(definition.subject, entry.key); !near.empty())
        finding.help(fmt::format("did you mean `{}`?", near.str()))
            .fix({key, near.str(), "use the attribute's right name", diag::Applicability::unsafe});
    settle(entry, Fidelity::dropped, "unknown attribute");
}

/// JIL-036. `machine:` and `max_load:` alternate in virtual machines and pools: the order counts.
void Lowering::machine(Definition const& definition) {
    Machine machine;
    machine.name = definition.name;
    machine.nameSpan = definition.nameSpan;
    machine.statement = definition.statement;
    for (Entry const& entry : definition.entries) {
        if (entry.isBroken) {
            settle(entry, Fidelity::refused, "syntax error");
            continue;
        }
        llvm::StringRef const value = text(entry, definition.name);
        auto const integer = [&](Sourced<int64_t>& target) {
            auto const number = readInteger(value);
            number ? target.set(*number, entry.construct)
                   : badValue(entry, value, "a number", definition.name);
        };
        switch (entry.row->id) {
        case Attr::machine_type:
            machine.type = value;
            machine.kind = value.equals_insensitive("v")   ? Machine::Kind::virtualMachine
                           : value.equals_insensitive("p") ? Machine::Kind::pool
                                                           : Machine::Kind::real;
            settle(entry, Fidelity::exact, "machine type");
            break;
        case Attr::machine_machine:
            machine.parts.push_back({value, entry.where, entry.construct});
            break;
        case Attr::machine_node_name: machine.node.set(value, entry.construct); break;
        case Attr::machine_port: integer(machine.port); break;
        case Attr::machine_max_load:
            if (machine.parts.empty()) {
                integer(machine.maxLoad);
                break;
            }
            [[fallthrough]];
        case Attr::machine_factor:
        case Attr::machine_agent_name:
            machine.kept.push_back({entry.row->keyword, value, entry.construct});
            if (entry.row->id == Attr::machine_agent_name) {
                settle(entry, Fidelity::exact, "documentation");
                break;
            }
            if (double factor = 0; entry.row->id == Attr::machine_factor &&
                                   !value.getAsDouble(factor) && factor == 1.0) {
                settle(entry, Fidelity::exact, "none: a factor of 1 weights nothing");
                break;
            }
            diags
                .report<Code::KeptWithoutModel>(estate.constructs.span(entry.construct),
                                                entry.row->keyword,
                                                "AutoSys chooses among the machines by load")
                .object(definition.name);
            settle(entry, Fidelity::dropped, "kept without a model");
            break;
        default:
            machine.kept.push_back({entry.key, value, entry.construct});
            if (entry.row->fate == Fate::unknown)
                unknown(entry, "a machine", definition);
            else
                settle(entry, Fidelity::exact, "documentation");
        }
    }
    estate.machines.add(std::move(machine));
}

/// JIL-038
void Lowering::resource(Definition const& definition) {
    Resource resource;
    resource.name = definition.name;
    resource.nameSpan = definition.nameSpan;
    resource.statement = definition.statement;
    for (Entry const& entry : definition.entries) {
        if (entry.isBroken) {
            settle(entry, Fidelity::refused, "syntax error");
            continue;
        }
        llvm::StringRef const value = text(entry, definition.name);
        switch (entry.row->id) {
        case Attr::resource_res_type:
            if (value.equals_insensitive("r") || value.equals_insensitive("d") ||
                value.equals_insensitive("t")) {
                resource.kind = llvm::toLower(value.front()) == 'r'   ? Resource::Kind::renewable
                                : llvm::toLower(value.front()) == 'd' ? Resource::Kind::depletable
                                                                      : Resource::Kind::threshold;
                settle(entry, Fidelity::exact, "resource type");
            } else {
                badValue(entry, value, "`R`, `D` or `T`", definition.name);
            }
            break;
        case Attr::resource_amount: {
            auto const number = readInteger(value);
            number && *number >= 0 ? resource.amount.set(*number, entry.construct)
                                   : badValue(entry, value, "a number from 0", definition.name);
            break;
        }
        case Attr::resource_machine: resource.machine.set(value, entry.construct); break;
        default:
            resource.kept.push_back({entry.key, value, entry.construct});
            if (entry.row->fate == Fate::unknown)
                unknown(entry, "a resource", definition);
            else
                settle(entry, Fidelity::exact, "documentation");
        }
    }
    if (!resource.amount)
        diags.report<Code::MissingAttribute>(definition.nameSpan, "a resource", "amount")
            .object(definition.name);
    estate.resources.add(std::move(resource));
}

/// JIL-037
void Lowering::variable(Definition const& definition) {
    Variable variable;
    variable.name = definition.name;
    variable.nameSpan = definition.nameSpan;
    variable.statement = definition.statement;
    for (Entry const& entry : definition.entries) {
        if (entry.isBroken) {
            settle(entry, Fidelity::refused, "syntax error");
        } else if (entry.row->id == Attr::variable_value) {
            variable.value = text(entry, definition.name);
            variable.valueFrom = entry.construct;
        } else if (entry.row->fate == Fate::unknown) {
            unknown(entry, "a global variable", definition);
        } else {
            diags
                .report<Code::KeptWithoutModel>(estate.constructs.span(entry.construct),
                                                entry.row->keyword,
                                                "AutoSys stores the text of the blob")
                .object(definition.name);
            settle(entry, Fidelity::dropped, "kept without a model");
        }
    }
    estate.variables.push_back(variable);
}

/// JIL-039…043: carried. What an instance or a job type means to jobs is taken where they refer to
/// it.
void Lowering::opaque(Definition const& definition) {
    static constexpr auto kindOf = [](Subject subject) -> llvm::StringRef {
        return toString(subject);
    };
    std::vector<KeptAttribute> kept;
    bool const isBlob = definition.subject == Subject::blob;
    bool const hasOpenAttributes =
        definition.subject == Subject::connectionProfile || definition.subject == Subject::monitor;
    for (Entry const& entry : definition.entries) {
        kept.push_back({entry.key, entry.value, entry.construct});
        if (entry.isBroken)
            settle(entry, Fidelity::refused, "syntax error");
        else if (entry.row->fate == Fate::unknown && !hasOpenAttributes)
            unknown(entry, toString(definition.subject), definition);
        else if (isBlob)
            settle(entry, Fidelity::dropped, "blob");
        else
            settle(entry, Fidelity::exact, "carried");
    }
    if (isBlob)
        diags
            .report<Code::KeptWithoutModel>(
                definition.nameSpan, definition.name,
                "AutoSys keeps the text of a blob in its database, for jobs that read it")
            .object(definition.name);
    estate.constructs.settle(definition.statement, isBlob ? Fidelity::dropped : Fidelity::exact,
                             isBlob ? "blob" : "carried");
    if (definition.subject == Subject::instance)
        estate.instances.push_back(
            {definition.name, definition.nameSpan, definition.statement, std::move(kept)});
    else
        estate.opaque.push_back({kindOf(definition.subject), definition.name, definition.nameSpan,
                                 definition.statement, std::move(kept)});
}

} // namespace hoist::jil
