// What a job excludes: resources, load units, and who leaves a queue first (JIL-160, JIL-161,
// TR-46).
//
// One renewable resource that is always freed is exactly a pool; anything else needs the ledger's
// claim. A task has one pool. Whether all jobs count one resource in the same place shows only when
// all tasks are known: compareShared.
#include "analysis/equivalence/JobComparison.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hoist::equivalence {
namespace {

struct Wanted {
    std::string name;     ///< in the ledger
    int64_t quantity = 1; ///< -1: all
    char free = 'Y';
    auto operator<=>(Wanted const&) const = default;
};

/// So many orders never run at once.
constexpr int64_t moreThanRun = 100'000;
constexpr llvm::StringLiteral ofQuantity = "controlm_", ofLock = "controlm-lock_";

/// What a definition claims; who shares a lock has one of its units, who excludes others all of
/// them (CTM-080, CTM-081).
std::vector<Wanted> claimsOf(ir::Estate const& estate, ir::Job const& job) {
    bool const isOrder = job.dialect == ir::Dialect::controlm;
    std::vector<Wanted> claims;
    for (ir::ResourceUse const& use : job.resources)
        claims.push_back(
            {(isOrder ? ofQuantity.str() : "") + use.name.str(), use.quantity, use.free});
    if (isOrder)
        for (ir::LockUse const& lock : estate.orderPolicies[job.orders].locks)
            claims.push_back({ofLock.str() + lock.name.str(), lock.isExclusive ? -1 : 1,
                              lock.keepsOnFailure ? 'Y' : 'A'});
    std::sort(claims.begin(), claims.end());
    return claims;
}

std::string shown(std::vector<Wanted> const& uses) {
    std::string text;
    for (Wanted const& use : uses)
        text += fmt::format("{}({}, QUANTITY={}, FREE={})", text.empty() ? "" : " AND ", use.name,
                            use.quantity < 0 ? "ALL" : std::to_string(use.quantity), use.free);
    return text.empty() ? "none" : text;
}

/// `(NAME, QUANTITY=1, FREE=Y) AND (…)`, sorted; nothing when it is something else.
std::optional<std::vector<Wanted>> parseClaim(llvm::StringRef text) {
    std::vector<Wanted> uses;
    text = text.trim();
    while (!text.empty()) {
        size_t const end = text.find(')');
        if (!text.starts_with("(") || end == llvm::StringRef::npos)
            return std::nullopt;
        Wanted use;
        llvm::SmallVector<llvm::StringRef, 3> parts;
        text.slice(1, end).split(parts, ',');
        use.name = parts[0].trim().str();
        for (llvm::StringRef part : llvm::ArrayRef(parts).drop_front()) {
            auto [key, value] = part.split('=');
            value = value.trim();
            if (key.trim().equals_insensitive("FREE") && value.size() == 1)
                use.free = llvm::toUpper(value.front());
            else if (!key.trim().equals_insensitive("QUANTITY"))
                return std::nullopt;
            else if (value.equals_insensitive("ALL"))
                use.quantity = -1;
            else if (value.getAsInteger(10, use.quantity))
                return std::nullopt;
        }
        uses.push_back(std::move(use));
        text = text.substr(end + 1).ltrim();
        if (!text.empty() && !text.consume_front_insensitive("AND") && !text.consume_front("&"))
            return std::nullopt;
        text = text.ltrim();
    }
    std::sort(uses.begin(), uses.end());
    return uses;
}

} // namespace

void JobComparison::comparePools() {
    std::string const name = job.name.str();
    std::string pool = text(field("pool"));
    if (pool.empty())
        pool = "default_pool";
    bool const hasPool = pool != "default_pool";
    nlohmann::json const& slotsField = field("pool_slots");
    int64_t const slots = slotsField.is_number_integer() ? slotsField.get<int64_t>() : 1;
    bool poolTaken = !hasPool;
    if (placement.pool) {
        if (pool == placement.pool.value)
            assumeRule(placement.pool.rule, "pool = " + pool);
        else
            differ(Aspect::resource, job.nameSpan,
                   fmt::format("rule {} of hoist.toml says pool {}", placement.pool.rule,
                               placement.pool.value),
                   "pool " + pool,
                   fmt::format("{} would count against other slots than the site decided", name));
        poolTaken = true;
    }

    // Resources: claimed in the ledger, or the one that a pool can stand for.
    std::vector<Wanted> const legacy = claimsOf(estate, job);
    std::string const claim =
        isLegacy() || placement.operatorClass ? text(argument("resources")) : "";
    Span const where = at(job.resourcesFrom);
    auto const counts = [&](std::string const& what, std::string place) {
        all.claims[what].push_back({id, task.id, std::move(place), where});
    };
    auto const takesAnyOrder = [&](std::string assumption, llvm::StringRef resource) {
        if (job.dialect == ir::Dialect::controlm)
            assume(std::move(assumption),
                   fmt::format("nobody relies on who of several jobs that wait for units of {} is "
                               "served first (CTM-082)",
                               std::string_view(resource)));
    };
    if (!claim.empty() || (!legacy.empty() && poolTaken)) {
        std::optional<std::vector<Wanted>> const theirs = parseClaim(claim);
        if (!theirs || *theirs != legacy)
            differ(Aspect::resource, where, shown(legacy),
                   claim.empty() ? "no claim" : inTicks(claim),
                   fmt::format("{} would run beside jobs that it excludes, or wait for others "
                               "(JIL-160)",
                               name));
        else
            for (Wanted const& use : legacy) {
                takesAnyOrder("claims-in-any-order:" + use.name, use.name);
                counts("resource " + use.name, "the ledger");
            }
    } else if (!legacy.empty()) {
        poolTaken = true;
        Wanted const& use = legacy.front();
        llvm::StringRef given = use.name;
        bool const isLock = given.consume_front(ofLock);
        ir::Resource const* resource = nullptr;
        int64_t amount = -1;
        if (isLock) {
            amount = use.quantity < 0 ? slots : -1; // as many as who excludes others takes
        } else if (given.consume_front(ofQuantity)) {
            auto const said = estate.settings.quantitativeResources.find(given.str());
            if (said != estate.settings.quantitativeResources.end())
                amount = said->second; // no export says it (CTM-080)
        } else if (auto const defined = estate.resourceByName.find(given);
                   defined != estate.resourceByName.end()) {
            resource = &estate.resources[defined->second];
            amount = resource->amount ? *resource->amount : -1;
        }
        int64_t const quantity = use.quantity < 0 ? amount : use.quantity;
        std::string why;
        if (legacy.size() > 1)
            why = "a task has one pool, and the definition claims all its resources at once";
        else if (resource && resource->kind != ir::Resource::Kind::renewable)
            why = "a pool gives its slots back, and this resource is not renewable";
        else if (use.free != 'A')
            why = "a pool gives its slots back after a failure, and the definition keeps the units";
        else if (quantity != slots)
            why = "it would take another number of units";
        if (!why.empty())
            differ(Aspect::resource, where, shown(legacy),
                   fmt::format("pool {}, {} slots", pool, slots),
                   fmt::format("{} would not exclude what it excludes: {} (JIL-160, TR-46)", name,
                               why));
        else if (amount >= 0)
            assume(fmt::format("pool:{}:slots={}", pool, amount),
                   fmt::format("pool {} has {} slots, like resource {}", pool, amount, given));
        takesAnyOrder("pool-waiters-in-order:" + use.name, given);
        if (isLock)
            all.locks[given.str()].push_back({id, task.id, use.quantity < 0 ? slots : 0, where});
        counts("resource " + use.name, "pool " + pool);
    }

    // Load: counts on a machine with a limit, for jobs with a priority (JIL-161).
    llvm::StringRef const machine = job.machines->size() == 1 ? job.machines->front() : "";
    auto const known = estate.machineByName.find(machine);
    bool const isLimited =
        known != estate.machineByName.end() && estate.machines[known->second].maxLoad;
    bool const hasPriority = job.priority && *job.priority > 0;
    if (isLimited && job.load && *job.load > 0 && !hasPriority &&
        all.competedMachines.contains(machine))
        assume(fmt::format("load-not-counted:{}", name),
               fmt::format("the load of {}, which has no priority, does not matter to those that "
                           "have one (JIL-161)",
                           name));
    auto const isLimit = [&](llvm::StringRef one) {
        auto const it = estate.machineByName.find(one);
        return it != estate.machineByName.end() && estate.machines[it->second].maxLoad;
    };
    if (std::vector<std::string> const hosts = machinesOf();
        !isLimited && hasPriority && job.load && *job.load > 0 && hosts.size() > 1 &&
        llvm::any_of(hosts, isLimit))
        assume(fmt::format("load-not-counted:{}", name),
               fmt::format("the machines of {} always have room for its load (JIL-161)", name));
    if (isLimited && hasPriority && job.load && *job.load > 0 && !placement.pool) {
        int64_t const most = *estate.machines[known->second].maxLoad;
        if (poolTaken || slots != *job.load)
            differ(Aspect::resource, at(job.load.from),
                   fmt::format("{} of {} load units of {}", *job.load, most, machine.str()),
                   poolTaken ? "does not count" : fmt::format("{} slots of pool {}", slots, pool),
                   fmt::format("{} would start while {} is full (JIL-161)", name, machine.str()));
        else
            assume(fmt::format("pool:{}:slots={}", pool, most),
                   fmt::format("pool {} has {} slots, like machine {} load units", pool, most,
                               machine.str()));
        if (!poolTaken)
            all.claims["machine " + machine.str()].push_back(
                {id, task.id, "pool " + pool, at(job.load.from)});
        poolTaken = true;
    }
    if (!poolTaken)
        differ(Aspect::resource, job.nameSpan, "waits for no units", "pool " + pool,
               fmt::format("{} would wait for a slot of {}, and the definition starts it at once",
                           name, pool));
    if (hasPool && hasPriority)
        comparePriority(pool);
}

void JobComparison::comparePriority(std::string const& pool) {
    std::string const rule = text(field("weight_rule"));
    if (rule != "absolute")
        differ(Aspect::resource, at(job.priority.from), fmt::format("priority {}", *job.priority),
               "weight_rule " + (rule.empty() ? "downstream" : rule),
               fmt::format("{} would leave its queue by what follows it, not by its priority "
                           "(JIL-161, TR-46)",
                           job.name.str()));
    nlohmann::json const& weight = field("priority_weight");
    all.queues[pool].push_back({id, task.id, *job.priority,
                                weight.is_number() ? weight.get<int64_t>() : 1,
                                at(job.priority.from)});
}

void FieldComparison::join(FieldComparison other) {
    // In the order of the workflows again, whoever compared them.
    auto const merge = [&](auto& into, auto& from) {
        for (auto& [name, rows] : from) {
            auto& all = into[name];
            all.insert(all.end(), std::make_move_iterator(rows.begin()),
                       std::make_move_iterator(rows.end()));
            llvm::stable_sort(all, [&](auto const& a, auto const& b) {
                return estate.jobs[a.job].workflow.value < estate.jobs[b.job].workflow.value;
            });
        }
    };
    merge(locks, other.locks);
    merge(claims, other.claims);
    merge(queues, other.queues);
}

/// A lock as a pool: all that exclude others take the same number of slots, which is all of them,
/// and more than can share it (CTM-081).
void FieldComparison::compareLocks(Findings& out) const {
    for (auto const& [name, list] : locks) {
        auto const excludes = [](Locked const& one) { return one.slots > 0; };
        auto const first = llvm::find_if(list, excludes);
        if (first == list.end())
            continue; // all share it, nobody waits
        int64_t const sharing = llvm::count_if(list, std::not_fn(excludes));
        for (Locked const& one : list)
            if (excludes(one) && (one.slots != first->slots || one.slots <= sharing))
                out.differences.push_back(
                    {Aspect::resource, one.job, one.definition, one.task,
                     fmt::format("control resource {}, exclusive", name),
                     fmt::format("{} slots; {} has {}, and {} share it", one.slots, first->task,
                                 first->slots, sharing),
                     fmt::format("{} would run beside jobs that it excludes, or jobs that share "
                                 "the resource would wait for each other (CTM-081)",
                                 estate.jobs[one.job].name.str())});
        if (sharing > 0 && first->slots < moreThanRun)
            out.assumptions.push_back(
                {fmt::format("holders-of:{}<={}", name, first->slots),
                 fmt::format("never more than {} orders share {} at once", first->slots, name),
                 first->job});
    }
}

void FieldComparison::compareShared(Findings& out) const {
    std::map<std::string, std::string> whoseUnits; // place → what it counts
    for (auto const& [what, list] : claims)
        for (Claim const& claim : list) {
            Claim const& first = list.front();
            std::string const name = estate.jobs[claim.job].name.str();
            if (claim.place != first.place)
                out.differences.push_back(
                    {Aspect::resource, claim.job, claim.definition, claim.task,
                     fmt::format("one {} for {} and {}", what, estate.jobs[first.job].name.str(),
                                 name),
                     fmt::format("{} for the one, {} for the other", first.place, claim.place),
                     fmt::format("{} and {} would run at once although their {} allows one of them "
                                 "(JIL-160)",
                                 estate.jobs[first.job].name.str(), name, what)});
            if (claim.place == "the ledger")
                continue;
            std::string const& counted = whoseUnits.try_emplace(claim.place, what).first->second;
            if (counted != what)
                out.differences.push_back(
                    {Aspect::resource, claim.job, claim.definition, claim.task, "units of " + what,
                     fmt::format("{}, which counts {} too", claim.place, counted),
                     fmt::format("{} would wait for jobs that have nothing to do with it (JIL-160)",
                                 name)});
        }
    compareLocks(out);
    for (auto const& [pool, unsorted] : queues) {
        std::vector<Queued> list = unsorted;
        std::stable_sort(list.begin(), list.end(),
                         [](Queued const& a, Queued const& b) { return a.priority < b.priority; });
        for (size_t i = 1; i < list.size(); ++i) {
            Queued const& before = list[i - 1];
            Queued const& after = list[i];
            bool const right = before.priority == after.priority ? before.weight == after.weight
                                                                 : before.weight > after.weight;
            if (right)
                continue;
            out.differences.push_back(
                {Aspect::resource, after.job, after.definition, after.task,
                 fmt::format("priority {}, {} has {}", after.priority,
                             estate.jobs[before.job].name.str(), before.priority),
                 fmt::format("priority_weight {}, {} has {}", after.weight,
                             estate.jobs[before.job].name.str(), before.weight),
                 fmt::format("{} and {} would leave the queue of {} in another order (JIL-161: low "
                             "goes first; Airflow: high)",
                             estate.jobs[before.job].name.str(), estate.jobs[after.job].name.str(),
                             pool)});
        }
    }
}

} // namespace hoist::equivalence
