// Boxes, the order of things, verdicts: the frame of a DAG.
#include "backend/airflow/LowerWorkflow.h"
#include "backend/airflow/Emit.h"

#include <llvm/ADT/STLExtras.h>

#include <fmt/core.h>

namespace hoist::airflow {

using ir::JobId;

std::string place(ir::Estate const& estate, Span span) {
    FileId const file = estate.sources.fileOf(span);
    return fmt::format("{}:{}", std::string_view(estate.sources.path(file)),
                       estate.sources.start(span).line);
}

WorkflowLowering::WorkflowLowering(ir::WorkflowId givenWorkflow, LowerContext& givenContext)
    : DagLowering(givenWorkflow, givenContext), facts(estate, givenWorkflow) {}

Dag WorkflowLowering::run() {
    createNodes();
    lowerStarts();
    startLateRoot();
    enterFromRootGate();
    startLateBoxes();
    addVerdicts();
    finish();
    return std::move(dag);
}

BoxId WorkflowLowering::enclosing(JobId job) const {
    JobId const box = estate.jobs[job].box;
    return box && box != workflow.root ? boxOf.lookup(box.value) : BoxId();
}

TaskId WorkflowLowering::addControl(JobId job, llvm::StringRef suffix, std::string operatorClass,
                                    Py::Keywords arguments, BoxId box) {
    // A job with several gates numbers them from the second on. A plain Airflow operator is named
    // like its variable.
    std::string const base = context.names.taskId(job).str();
    bool const isPlain = operatorClass == "EmptyOperator";
    TaskId const task = addTask(
        uniqueId(isPlain ? pythonName(base + "_" + suffix.str()) : base + "." + suffix.str()),
        std::move(operatorClass), std::move(arguments), job, box);
    controlsOf[job.value].push_back(task);
    return task;
}

void WorkflowLowering::nameJob(JobId job, llvm::StringRef id, Py::Keywords& arguments) const {
    if (estate.jobs[job].name != id)
        arguments.emplace_back("job", Py(estate.jobs[job].name));
}

/// JIL-091, JIL-122: a box of which no member runs completes when it starts.
bool WorkflowLowering::hasNoTasks(JobId box) const {
    return llvm::all_of(estate.groups[estate.jobs[box].group].members,
                        [&](JobId member) { return facts.absent.contains(member.value); });
}

/// The verdict of a box without tasks is what starts it, so it waits as a member would.
void WorkflowLowering::startWithVerdict(TaskId verdict) {
    dag.tasks[verdict].arguments.emplace_back("trigger_rule", Py("all_success"));
    startingVerdicts.insert(verdict.value);
}

void WorkflowLowering::createNodes() {
    for (JobId id : workflow.jobs) // control ids never take the id of a job
        usedIds.insert(context.names.taskId(id));
    for (JobId id : workflow.jobs) {
        ir::Job const& job = estate.jobs[id];
        if (facts.absent.contains(id.value))
            continue;
        if (!job.group) {
            taskOf[id.value] =
                addTask(context.names.taskId(id).str(), "Command", {}, id, enclosing(id));
            continue;
        }
        if (id == workflow.root)
            continue;
        BoxGroup box;
        box.id = context.names.taskId(id).str();
        box.parent = enclosing(id);
        box.depth = box.parent ? dag.boxes[box.parent].depth + 1 : 1;
        box.job = id;
        boxOf[id.value] = dag.boxes.add(std::move(box));
        if (facts.judged.contains(id.value) || hasNoTasks(id)) {
            Py::Keywords arguments = endFacts(job);
            arguments.insert(arguments.begin(), {"of", Py(job.name)});
            TaskId const verdict = addTask(uniqueId(context.names.taskId(id).str() + ".verdict"),
                                           "Verdict", std::move(arguments), id, boxOf[id.value]);
            verdictOf[id.value] = verdict;
            if (hasNoTasks(id))
                startWithVerdict(verdict);
        }
    }
}

void WorkflowLowering::lowerStarts() {
    // Printed order: a box before its members, controls before their job, a verdict after its
    // members.
    std::vector<JobId> open; // boxes whose members are being printed
    auto const closeUntil = [&](JobId box) {
        while (!open.empty() && open.back() != box) {
            if (auto it = verdictOf.find(open.back().value); it != verdictOf.end())
                dag.order.push_back(it->second);
            open.pop_back();
        }
    };
    for (JobId id : workflow.jobs) {
        ir::Job const& job = estate.jobs[id];
        closeUntil(job.box);
        bool const isRoot = id == workflow.root;
        if (facts.absent.contains(id.value)) {
            bool const isIced = job.begins(ir::InitialStatus::onIce);
            if (isIced) {
                context.diags.report<diag::Code::StaysOnIce>(job.nameSpan, job.name)
                    .object(job.name);
                assume("stays-on-ice:" + job.name.str());
            }
            dag.notes.push_back(fmt::format("{}  {} is {}: no task", place(estate, job.origin),
                                            std::string_view(job.name),
                                            isIced ? "ON_ICE" : "in a box that is ON_ICE"));
            context.absentJobs.push_back(id);
            continue;
        }
        BoxId const outer = isRoot ? BoxId() : enclosing(id);
        Start start = lowerStart(id, outer);
        std::vector<std::string> comments = commentsOf(job);
        for (TaskId control : controlsOf[id.value]) {
            dag.tasks[control].comments =
                std::exchange(comments, {}); // above the first task of the job
            dag.order.push_back(control);
        }
        if (job.group) {
            settleBoxAttributes(id, isRoot);
            if (isRoot)
                continue;
            BoxId const box = boxOf[id.value];
            BoxGroup& group = dag.boxes[box];
            // A group can only demand that all its upstreams succeed; any other rule needs a node
            // to carry it.
            if (start.rule != TriggerRule::allSuccess) {
                Node const node =
                    junction(id, "start", std::move(start.upstream), start.rule, outer);
                dag.order.push_back(node);
                start.upstream = {node};
            }
            group.upstream = std::move(start.upstream);
            group.comments = std::move(comments);
            nameJob(id, group.id, group.arguments);
            Py::Keywords fold = foldArguments(id);
            group.arguments.insert(group.arguments.end(), fold.begin(), fold.end());
            dag.order.push_back(box);
            open.push_back(id);
            continue;
        }
        TaskId const task = taskOf[id.value];
        dag.tasks[task].upstream = std::move(start.upstream);
        dag.tasks[task].rule = start.rule;
        dag.tasks[task].comments = std::move(comments);
        lowerJob(id);
        dag.order.push_back(task);
    }
    closeUntil(JobId());
}

/// Everything that waits for nothing else waits for the root's gate: a box as a whole where that
/// reaches the same tasks.
void WorkflowLowering::enterFromRootGate() {
    if (!rootGate)
        return;
    llvm::DenseSet<uint32_t>
        waits; // boxes that wait for something themselves, or inside a box that does
    llvm::DenseMap<uint32_t, BoxId> outermost;
    for (BoxId id : dag.boxes.ids()) { // a box comes after the box around it
        BoxGroup const& box = dag.boxes[id];
        if (!box.upstream.empty() || (box.parent && waits.contains(box.parent.value)))
            waits.insert(id.value);
        outermost[id.value] = box.parent ? outermost.lookup(box.parent.value) : id;
    }
    // `gate >> box` reaches every task of the box without a predecessor inside it: also one that
    // waits for tasks outside, which must then demand all of them; and not the members of an inner
    // box that waits for something.
    llvm::DenseSet<uint32_t> asWhole;
    for (BoxId id : dag.boxes.ids())
        if (!dag.boxes[id].parent && !waits.contains(id.value))
            asWhole.insert(id.value);
    for (BoxId id : dag.boxes.ids())
        if (waits.contains(id.value))
            asWhole.erase(outermost.lookup(id.value).value);
    for (Task const& task : dag.tasks)
        if (task.box && task.rule != TriggerRule::allSuccess && task.operatorClass != "Verdict")
            asWhole.erase(outermost.lookup(task.box.value).value);

    llvm::DenseSet<uint32_t> ownGates;
    for (TaskId control : controlsOf[workflow.root.value])
        ownGates.insert(control.value);
    for (TaskId id : dag.tasks.ids()) {
        Task& task = dag.tasks[id];
        if (!task.upstream.empty() || ownGates.contains(id.value) ||
            (task.operatorClass == "Verdict" && !startingVerdicts.contains(id.value)))
            continue;
        BoxId const outer = task.box ? outermost.lookup(task.box.value) : BoxId();
        if (task.box && asWhole.contains(outer.value))
            dag.boxes[outer].upstream = {rootGate};
        else if (!task.box || !waits.contains(task.box.value))
            task.upstream.push_back(rootGate);
    }
}

/// Does a task tell the ledger of the start of its box as soon as Airflow lets it run?
bool WorkflowLowering::tellsAtOnce(TaskId id) const {
    Task const& task = dag.tasks[id];
    return task.operatorClass != "EmptyOperator" &&
           (task.operatorClass != "Verdict" || startingVerdicts.contains(id.value)) &&
           llvm::none_of(task.arguments, [](auto const& a) { return a.first == "pool"; });
}

/// Boxes of which some task runs as soon as the box may start, and so records the start.
llvm::DenseSet<uint32_t> WorkflowLowering::promptlyStarted() const {
    llvm::DenseSet<uint32_t> prompt;
    for (TaskId id : dag.tasks.ids()) {
        Task const& task = dag.tasks[id];
        if (!tellsAtOnce(id) || task.rule != TriggerRule::allSuccess)
            continue;
        for (BoxId at = task.box; at; at = dag.boxes[at].parent) {
            Nodes const& entry = dag.boxes[at].upstream;
            if (llvm::all_of(task.upstream,
                             [&](Node node) { return llvm::is_contained(entry, node); }))
                prompt.insert(at.value);
            if (!entry.empty())
                break;
        }
    }
    return prompt;
}

/// A box starts when its condition holds, though each of its members may wait for more (JIL-110):
/// where no task of its own would tell the ledger then, a gate without a condition does.
void WorkflowLowering::startLateBoxes() {
    llvm::DenseSet<uint32_t> const prompt = promptlyStarted();
    for (BoxId id : dag.boxes.ids()) {
        JobId const job = dag.boxes[id].job;
        if (!facts.entered.contains(job.value) || dag.boxes[id].upstream.empty() ||
            prompt.contains(id.value))
            continue;
        TaskId const start = addControl(
            job, "start", "Gate", {{"for_job", Py(estate.jobs[job].name)}}, dag.boxes[id].parent);
        dag.tasks[start].upstream = std::exchange(dag.boxes[id].upstream, Nodes{start});
        dag.order.insert(llvm::find(dag.order, Node(id)), start);
    }
}

/// As a nested box: a run of which each first task waits for a slot of a pool has started, too.
void WorkflowLowering::startLateRoot() {
    ir::Job const& root = estate.jobs[workflow.root];
    if (!root.group || hasNoTasks(workflow.root))
        return;
    auto const isFirst = [&](TaskId id) {
        for (BoxId at = dag.tasks[id].box; at; at = dag.boxes[at].parent)
            if (!dag.boxes[at].upstream.empty())
                return false;
        return dag.tasks[id].upstream.empty() &&
               !llvm::is_contained(controlsOf[workflow.root.value], id);
    };
    for (TaskId id : dag.tasks.ids())
        if (isFirst(id) && tellsAtOnce(id))
            return;
    size_t const place = controlsOf[workflow.root.value].size();
    TaskId const start =
        addControl(workflow.root, "start", "Gate", {{"for_job", Py(root.name)}}, BoxId());
    if (rootGate)
        dag.tasks[start].upstream = {rootGate};
    dag.order.insert(dag.order.begin() + static_cast<ptrdiff_t>(place), start);
    rootGate = start;
}

/// The nodes that a verdict of `box` (invalid: the DAG) has to wait for, so that nothing of the box
/// runs any more when it decides. A leaf alone does not tell: `one_success` is done before its
/// other predecessors are, and `all_success` is skipped or upstream_failed at the first that did
/// not succeed (AF-010). So a node needs no edge only if some successor is certain to wait for it.
Nodes WorkflowLowering::leavesOf(BoxId box) const {
    auto const insideOf = [&](BoxId inner, BoxId outer) {
        while (inner && inner != outer)
            inner = dag.boxes[inner].parent;
        return inner == outer;
    };
    auto const boxAround = [&](Node node) {
        return node.task ? dag.tasks[node.task].box : dag.boxes[node.box].parent;
    };
    // The group directly in `box` that a node is in: `group >> verdict` reaches its leaves.
    auto const outermost = [&](Node node) {
        BoxId group, at = boxAround(node);
        for (; at && at != box; at = dag.boxes[at].parent)
            group = at;
        return group;
    };
    auto const keyOf = [](Node node) {
        return node.task ? uint64_t(node.task.value) << 1 : uint64_t(node.box.value) << 1 | 1;
    };
    llvm::DenseSet<uint64_t> awaited; // by a successor in the box
    llvm::DenseSet<uint64_t> inner;   // has a successor in its outermost group: no leaf of it
    for (Node node : dag.order) {
        if (!insideOf(boxAround(node), box))
            continue;
        Nodes const& upstream =
            node.task ? dag.tasks[node.task].upstream : dag.boxes[node.box].upstream;
        BoxId const group = outermost(node);
        for (Node up : upstream) {
            if (group && outermost(up) == group)
                inner.insert(keyOf(up));
            bool const alone = upstream.size() == 1 && node.task && up.task &&
                               dag.tasks[node.task].rule == TriggerRule::allSuccess &&
                               boxAround(up) == boxAround(node);
            if (alone || (node.task && dag.tasks[node.task].rule == TriggerRule::allDone))
                awaited.insert(keyOf(up));
        }
    }
    Nodes leaves;
    for (Node node : dag.order) {
        BoxId const around = boxAround(node);
        bool const isOwnVerdict = node.task && dag.tasks[node.task].operatorClass == "Verdict" &&
                                  dag.tasks[node.task].box == box;
        if (!insideOf(around, box) || isOwnVerdict || awaited.contains(keyOf(node)))
            continue;
        if (around == box || inner.contains(keyOf(node)))
            leaves.push_back(node);
    }
    return leaves;
}

Py::Keywords WorkflowLowering::foldArguments(JobId id) {
    ir::Group const& group = estate.groups[estate.jobs[id].group];
    Py::Keywords arguments;
    for (auto const* fold : {&group.success, &group.failure}) {
        if (!*fold)
            continue;
        // A job that is no task has no row (TR-15).
        ir::ExprId const expr = withIcedAsConstants(fold->expr);
        arguments.emplace_back(fold == &group.success ? "success" : "failure",
                               estate.conditions.print(expr));
        settleCondition(*fold, "box fold");
        noteLedgerReads(expr);
    }
    Py::List terminators, kill;
    for (JobId member : group.members) {
        ir::Job const& job = estate.jobs[member];
        if (job.boxTerminator && *job.boxTerminator)
            terminators.emplace_back(job.name);
        if (job.jobTerminator && *job.jobTerminator)
            kill.emplace_back(job.name);
    }
    if (!terminators.empty())
        arguments.emplace_back("terminators", Py(Py::Tuple{std::move(terminators)}));
    if (!kill.empty())
        arguments.emplace_back("kill", Py(Py::Tuple{std::move(kill)}));
    return arguments;
}

void WorkflowLowering::addVerdicts() {
    for (size_t i = dag.boxes.size(); i-- > 0;) { // the inner boxes before those around them
        BoxId const box(static_cast<uint32_t>(i));
        auto it = verdictOf.find(dag.boxes[box].job.value);
        if (it == verdictOf.end())
            continue;
        leavesTell = false;
        dag.tasks[it->second].upstream = leavesOf(box);
    }
    ir::Job const& root = estate.jobs[workflow.root];
    if (!root.group)
        return;
    Py::Keywords fold = foldArguments(workflow.root);
    for (BoxGroup const& box : dag.boxes)
        for (auto const& [name, value] : box.arguments)
            if (name != "job")
                leavesTell = false;
    bool const startsItself = hasNoTasks(workflow.root);
    Py::Keywords const told = endFacts(root);
    if (leavesTell && fold.empty() && told.empty() && !startsItself)
        return;
    Py::Keywords arguments{{"of", Py(root.name)}};
    arguments.insert(arguments.end(), fold.begin(), fold.end());
    arguments.insert(arguments.end(), told.begin(), told.end());
    Nodes leaves = leavesOf(BoxId());
    TaskId const verdict = addTask(uniqueId(dag.id + ".verdict"), "Verdict", std::move(arguments),
                                   workflow.root, BoxId());
    if (startsItself)
        startWithVerdict(verdict);
    dag.tasks[verdict].upstream = std::move(leaves);
    dag.order.push_back(verdict);
}

void WorkflowLowering::settleBoxAttributes(JobId id, bool isRoot) {
    ir::Job const& job = estate.jobs[id];
    settleText(job);
    if (job.termRunTime) {
        if (isRoot) {
            context.diags
                .report<diag::Code::BoxTimeLimit>(estate.constructs.span(job.termRunTime.from),
                                                  job.name)
                .object(job.name);
            settle(job.termRunTime.from, diag::Fidelity::approximated, "dagrun_timeout");
        } else {
            context.diags
                .report<diag::Code::NestedBoxTimeLimit>(
                    estate.constructs.span(job.termRunTime.from), job.name)
                .object(job.name);
            settle(job.termRunTime.from, diag::Fidelity::dropped, "none");
        }
    }
    exact(job.retries.from, "none: boxes are not retried (JIL-121)");
    exact(job.priority.from, "none: boxes do not queue");
    exact(job.load.from, "none: boxes take no load");
    exact(job.machines.from, "none: boxes run nowhere");
    for (ir::ConstructId code : job.exitRule.from)
        exact(code, "none: boxes have no exit code");
    for (ir::ConstructId code : job.exitRule.shadowed)
        exact(code, "none: boxes have no exit code");
    exact(job.alarms.maxRun.from, "alarm");
    exact(job.alarms.minRun.from, "alarm");
    exact(job.alarms.ifFail.from, "alarm");
    exact(job.alarms.ifTerminated.from, "alarm");
    exact(job.alarms.notify.from, "alarm");
    exact(job.alarms.message.from, "alarm");
    for (auto const& address : job.alarms.addresses)
        exact(address.from, "alarm");
    if (job.resourcesFrom || !job.resources.empty()) {
        context.diags
            .report<diag::Code::BoxPolicyDropped>(estate.constructs.span(job.resourcesFrom),
                                                  std::string("resources"), job.name)
            .object(job.name);
        settle(job.resourcesFrom, diag::Fidelity::dropped, "none");
        for (ir::ResourceUse const& use : job.resources)
            settle(use.construct, diag::Fidelity::dropped, "none");
    }
}

void describe(Dag& dag, ir::Estate const& estate, ir::Job const& root) {
    dag.docstring.push_back(root.description ? fmt::format("{}: {}", std::string_view(root.name),
                                                           std::string_view(*root.description))
                                             : root.name.str());
    dag.docstring.push_back("");
    dag.docstring.push_back(
        fmt::format("Compiled by hoist from {}. Change the definition, not this file.",
                    place(estate, root.origin)));
    if (root.description)
        dag.arguments.emplace_back("description", Py(*root.description));
}

void addTags(Dag& dag, ir::Job const& root, std::vector<std::string> more) {
    std::vector<std::string> tags{std::string(ir::toString(root.dialect))};
    tags.insert(tags.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
    for (auto const* text : {&root.application, &root.label})
        if (*text && !(*text)->empty())
            tags.push_back((*text)->str());
    Py::List unique;
    llvm::StringSet<> seen;
    for (std::string const& tag : tags)
        if (seen.insert(tag).second)
            unique.emplace_back(llvm::StringRef(tag).take_front(100)); // Airflow's limit
    dag.arguments.emplace_back("tags", Py(std::move(unique)));
}

void WorkflowLowering::finish() {
    ir::Job const& root = estate.jobs[workflow.root];
    describe(dag, estate, root);
    lowerRootSchedule(root);
    bool const overlaps = root.schedule && estate.schedules[root.schedule].whileRunning ==
                                               ir::TickWhileRunning::overlap;
    // AutoSys never runs a job twice at once (TR-51); cron always does (CRON-009): as many as
    // Airflow will hold.
    dag.arguments.emplace_back("max_active_runs", Py(overlaps ? 1000 : 1));
    if (root.termRunTime && root.group) {
        dag.arguments.emplace_back(
            "dagrun_timeout", Py::call("timedelta", {}, {{"minutes", Py(root.termRunTime.value)}}));
        dag.needsTimedelta = true;
    }
    addTags(dag, root, std::move(tags));
    documentGroups(dag, estate, workflow, {});
    if (root.begins(ir::InitialStatus::onIce)) {
        dag.arguments.emplace_back("is_paused_upon_creation", Py(true));
        context.diags.report<diag::Code::StaysOnIce>(root.nameSpan, root.name).object(root.name);
        exact(root.initialStatus.from, "paused");
        exact(root.initialStatusText.from, "paused");
        assume("stays-on-ice:" + root.name.str());
    }
    // JIL-114, design.md "Accepted by design": a member may never start, or a test of its own never
    // hold.
    auto const waits = [&](Nodes const& upstream) {
        return llvm::any_of(upstream, [&](Node up) { return up != Node(rootGate); });
    };
    bool const mayHang =
        llvm::any_of(
            dag.tasks,
            [&](Task const& task) { return task.job != workflow.root && waits(task.upstream); }) ||
        llvm::any_of(dag.boxes, [&](BoxGroup const& box) { return waits(box.upstream); }) ||
        llvm::any_of(workflow.jobs, [&](ir::JobId id) {
            ir::Job const& job = estate.jobs[id];
            return job.group &&
                   (estate.groups[job.group].success || estate.groups[job.group].failure);
        });
    if (mayHang)
        assume("stuck-box-ends");
    // AutoSys starts a box again while members of its last run go on (JIL-115a, JIL-083); one DAG
    // run is one box run, and they come one after the other.
    if (!facts.early.empty())
        assume("members-end-before-next-start");
    dag.assumptions.assign(assumptions.begin(), assumptions.end());
    dag.subscribedJobs.assign(subscribedJobs.begin(), subscribedJobs.end());
    dag.subscribedVariables.assign(subscribedVariables.begin(), subscribedVariables.end());
}

Dag lower(ir::WorkflowId workflow, LowerContext& context) {
    return WorkflowLowering(workflow, context).run();
}

} // namespace hoist::airflow
