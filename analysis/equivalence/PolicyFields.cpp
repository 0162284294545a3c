// Retries, time limits, ON_NOEXEC, and the switches of Airflow that the definition knows nothing
// of.
#include "analysis/equivalence/JobComparison.h"

#include <fmt/format.h>

namespace hoist::equivalence {
namespace {

constexpr int64_t usualDelay = 10; // seconds: RestartConstant's default (JIL-054)

int64_t numberOr(nlohmann::json const& value, int64_t otherwise) {
    return value.is_number() ? static_cast<int64_t>(value.get<double>()) : otherwise;
}

} // namespace

void JobComparison::compareRetries() {
    std::string const name = job.name.str();
    int64_t const wanted = placement.retries ? placement.retries.value : job.retries.value;
    int64_t const theirs = numberOr(field("retries"), 0);
    if (wanted != theirs) {
        differ(Aspect::retry, at(job.retries.from),
               placement.retries ? fmt::format("rule {} of hoist.toml says {} retries",
                                               placement.retries.rule, wanted)
                                 : fmt::format("{} retries", wanted),
               fmt::format("{} retries", theirs),
               fmt::format("a {} that keeps failing would be executed {} times instead of {} "
                           "(JIL-054)",
                           name, theirs + 1, wanted + 1));
        return;
    }
    if (placement.retries)
        assumeRule(placement.retries.rule, fmt::format("retries = {}", wanted));
    if (theirs == 0)
        return;
    assume("intermediate-failures-hidden", "nobody sees a FAILURE while attempts remain (JIL-054)");
    int64_t const delay = numberOr(field("retry_delay"), isLegacy() ? usualDelay : 300);
    nlohmann::json const& backoff = field("retry_exponential_backoff");
    bool const grows = isTrue(backoff) || (backoff.is_number() && backoff.get<double>() > 0);
    if (delay != usualDelay || grows)
        assume(fmt::format("retry-delay:{}{}", delay, grows ? "-growing" : ""),
               fmt::format("the wait of {}{} before another attempt does not matter",
                           seconds(delay), grows ? " and more" : ""));
    if (isLegacy())
        return; // a shim never retries what was TERMINATED
    if (!field("execution_timeout").is_null())
        differ(Aspect::retry, at(job.retries.from), "a job that was TERMINATED is never retried",
               fmt::format("a time-out is retried {} times", theirs),
               fmt::format("{} would be executed {} times when it runs too long, and AutoSys "
                           "executes it once (TR-45)",
                           name, theirs + 1));
    else
        assume(
            "never-terminated:" + name,
            fmt::format("{} is never killed by a signal: Airflow would retry it (JIL-054)", name));
}

void JobComparison::compareTimeLimit() {
    std::string const name = job.name.str();
    int64_t const wanted = job.termRunTime && *job.termRunTime > 0 ? *job.termRunTime * 60 : 0;
    int64_t theirs = numberOr(field("execution_timeout"), 0);
    if (isLegacy())
        if (nlohmann::json const& limit = argument("term_run_time"); limit.is_number()) {
            auto const own = static_cast<int64_t>(limit.get<double>() * 60);
            theirs = theirs == 0 ? own : std::min(theirs, own);
        }
    if (kind == Operator::fileSensor && theirs == 0)
        return; // its `timeout` is what counts
    if (wanted == theirs)
        return;
    auto const limitText = [](int64_t limit) {
        return limit == 0 ? std::string("no limit") : "killed after " + seconds(limit);
    };
    differ(
        Aspect::limit, at(job.termRunTime.from), limitText(wanted), limitText(theirs),
        theirs == 0 || (wanted != 0 && wanted < theirs)
            ? fmt::format("a {} that hangs would run on after {} (JIL-153)", name, seconds(wanted))
            : fmt::format("{} would be killed after {}, and the definition lets it run (JIL-153, "
                          "TR-50)",
                          name, seconds(theirs)));
}

void JobComparison::compareNoExec() {
    bool const wanted = job.begins(ir::InitialStatus::onNoExec);
    bool const theirs = isTrue(argument("noexec")) || kind == Operator::empty;
    if (wanted == theirs || kind == Operator::empty)
        return; // an EmptyOperator has been told
    differ(Aspect::action, at(job.initialStatus.from),
           wanted ? "ON_NOEXEC: succeeds without executing" : "executes its action",
           theirs ? "noexec" : "executes its action",
           wanted
               ? fmt::format("{} would execute, and the definition only goes through the motions "
                             "(JIL-092)",
                             job.name.str())
               : fmt::format("{} would succeed without having done anything (JIL-092)",
                             job.name.str()));
}

/// Switches of a task that make it wait, or its end count otherwise.
void JobComparison::compareControl() {
    std::string const name = job.name.str();
    if (isTrue(field("depends_on_past")))
        differ(Aspect::limit, job.nameSpan, "an earlier run does not matter", "depends_on_past",
               fmt::format("after a failure {} would never start again before somebody clears the "
                           "old run (JIL-064)",
                           name));
    if (isTrue(field("wait_for_downstream")))
        differ(Aspect::limit, job.nameSpan, "an earlier run does not matter", "wait_for_downstream",
               fmt::format("{} would wait for what followed it in the run before", name));
    if (nlohmann::json const& most = field("max_active_tis_per_dag");
        most.is_number() && dag.maxActiveRuns > 1)
        differ(Aspect::limit, job.nameSpan, "as many at once as there are runs",
               fmt::format("max_active_tis_per_dag {}", most.get<int64_t>()),
               fmt::format("{} would wait for its own run of an earlier tick (CRON-009)", name));
    if (isTrue(field("is_teardown")) && !isTrue(field("on_failure_fail_dagrun")))
        differ(Aspect::verdict, job.nameSpan, "its failure counts", "a teardown",
               fmt::format("the run would end as a success although {} failed (AF-015)", name));
    if (isTrue(field("on_failure_fail_dagrun")) && !isTrue(field("is_teardown")))
        differ(Aspect::verdict, job.nameSpan, "its failure counts by the rules of its box",
               "on_failure_fail_dagrun",
               fmt::format("the run would fail whenever {} fails (JIL-114)", name));
    if (nlohmann::json const& callbacks = field("callbacks"); callbacks.is_array())
        for (nlohmann::json const& callback : callbacks) {
            std::string const hook = text(callback);
            if (hook == "pre_execute" || hook == "post_execute")
                unknown(fmt::format("a {} hook may skip or change what the task does", hook));
            else
                assume(
                    fmt::format("callback:{}:{}", task.id, hook),
                    fmt::format("{} of {} tells whom the definition tells, and does nothing else",
                                hook, task.id));
        }
}

} // namespace hoist::equivalence
