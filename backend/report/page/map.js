// The page of `hoist map`. Names reach the document through textContent and canvas only.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const NONE = -1, SHARED = -1, LIMIT = 200, OPEN_AT = 240, MOST_OPEN = 2500;

  // ---- the model: rows become objects once --------------------------------------------------
  const workflows = data.w.map(([root, x, y, w, h, fidelity, wave, verdict, complexity, assumptions], index) =>
    ({index, root, x, y, w, h, fidelity, wave, verdict, complexity, assumptions, jobs: []}));
  const jobs = data.j.map(([name, kind, wf, box, owner, machine, app, file, line, x, y, w, h, text, never, runs], index) =>
    ({index, name, kind, wf, box, owner, machine, app, file, line, x, y, w, h, text, never, runs, members: 0, depth: 0, uses: [], used: []}));
  const outside = data.o.map(([name, kind, x, y, w], index) => ({index, name, kind, x, y, w, h: 30, used: []}));
  const deps = data.d.map(([from, to, kind, soft, role, object, text, file, line], index) =>
    ({index, from, to, kind, soft, role, object, text, file, line}));
  const shared = new Map(); // "kind object" → users
  for (const job of jobs) {
    workflows[job.wf].jobs.push(job.index);
    if (job.box !== NONE) jobs[job.box].members++;
  }
  for (const wf of workflows) {
    wf.crossing = [];
    wf.jobs.sort((a, b) => (a === wf.root ? -1 : b === wf.root ? 1 : a - b));
  }
  const depthOf = (job) => {
    let depth = 0;
    for (let at = job.box; at !== NONE && depth < 2000; at = jobs[at].box) depth++;
    return depth;
  };
  const outsideOf = (from) => outside[-from - 2];
  for (const dep of deps) {
    jobs[dep.to].uses.push(dep.index);
    if (dep.from === SHARED) {
      const key = dep.kind + " " + dep.object;
      if (!shared.has(key)) shared.set(key, []);
      shared.get(key).push(dep.to);
      continue;
    }
    (dep.from >= 0 ? jobs[dep.from] : outsideOf(dep.from)).used.push(dep.index);
    workflows[jobs[dep.to].wf].crossing.push(dep.index);
    if (dep.from >= 0 && jobs[dep.from].wf !== jobs[dep.to].wf) workflows[jobs[dep.from].wf].crossing.push(dep.index);
  }

  // ---- colours ------------------------------------------------------------------------------
  const palette = ["#3b82d6", "#e0862f", "#2f9e62", "#9b5fd0", "#d6457a", "#1ba5b8", "#a58a1f", "#7a6a5c", "#5667d8", "#c0563b", "#6a9b1e", "#b04fb5"];
  const grey = "#8a94a3";
  const fixed = {
    exact: "#2f9e62", assumed: "#3b82d6", approximated: "#e0a32f", unmapped: "#e0702f", refused: "#d64545",
    equivalent: "#2f9e62", "equivalent-if": "#3b82d6", different: "#d64545", unknown: "#e0a32f", void: "#8e6bb0",
  };
  const tables = {fidelity: data.fidelities, wave: data.waves, verdict: data.verdicts, owner: data.owners, application: data.applications, kind: data.kinds};
  const ofJob = {
    fidelity: (j) => workflows[j.wf].fidelity, wave: (j) => workflows[j.wf].wave, verdict: (j) => workflows[j.wf].verdict,
    owner: (j) => j.owner, application: (j) => j.app, kind: (j) => j.kind,
  };
  for (const wf of workflows) { // what most of its jobs have
    wf.most = {};
    for (const mode of ["owner", "application", "kind"]) {
      const counts = new Map();
      for (const j of wf.jobs) {
        const value = ofJob[mode](jobs[j]);
        if (value !== NONE && (mode !== "kind" || !jobs[j].members)) counts.set(value, (counts.get(value) || 0) + 1);
      }
      let best = NONE, most = 0;
      for (const [value, count] of counts) if (count > most) [best, most] = [value, count];
      wf.most[mode] = best;
    }
  }
  const ofWorkflow = (mode, wf) => (mode in wf.most ? wf.most[mode] : wf[mode]);
  let mode = data.waves.length ? "wave" : data.verdicts.length ? "verdict" : "fidelity";
  const rankOf = {};
  for (const key of Object.keys(tables)) { // the most frequent values get the first colours
    const counts = new Array(tables[key].length).fill(0);
    for (const job of jobs) if (ofJob[key](job) !== NONE) counts[ofJob[key](job)]++;
    const order = counts.map((count, value) => [count, value]);
    if (!["wave", "fidelity", "verdict"].includes(key)) order.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    rankOf[key] = {rank: new Array(counts.length), order, counts};
    order.forEach(([, value], rank) => { rankOf[key].rank[value] = rank; });
  }
  const colourOf = (value) => {
    if (value === NONE || value === undefined) return grey;
    const word = tables[mode][value];
    if ((mode === "fidelity" || mode === "verdict") && Object.hasOwn(fixed, word)) return fixed[word];
    const rank = rankOf[mode].rank[value];
    if (mode === "wave") return `hsl(${(210 + rank * 47) % 360}, 55%, 50%)`;
    return rank < palette.length ? palette[rank] : grey;
  };

  // ---- light and dark -----------------------------------------------------------------------
  const media = matchMedia("(prefers-color-scheme: dark)");
  let isDark = media.matches;
  const theme = () => (isDark
    ? {ink: "#e6eaf1", soft: "#9aa6b8", ground: "#12161d", surface: "#1b212b", edge: "#647288", accent: "#5aa4ff", fill: 0.55, open: 0.10}
    : {ink: "#1c2330", soft: "#5b6678", ground: "#f6f7f9", surface: "#ffffff", edge: "#9aa5b5", accent: "#0b63ce", fill: 0.45, open: 0.08});

  // ---- drawing ------------------------------------------------------------------------------
  const shortened = (text, most = 28) => (text.length > most ? text.slice(0, most - 1) + "…" : text);
  // Lines keep some width on the screen when the whole estate is on it; in steps, as a change costs a pass.
  let thickness = 1;
  const thicknessAt = (zoom) => 2 ** Math.max(0, Math.round(Math.log2(0.7 / zoom)));
  const toTheLeft = (element) => 12 + element.data("l").length * 4.1 - element.data("w") / 2;
  const styleSheet = () => {
    const t = theme();
    return [
      {selector: "node", style: {
        shape: "round-rectangle", width: "data(w)", height: "data(h)", label: "data(l)", color: t.ink, "font-size": "data(f)",
        "font-family": 'system-ui, "Segoe UI", "DejaVu Sans", sans-serif', "text-valign": "center", "text-halign": "center", "background-color": "data(c)",
        "background-opacity": t.fill, "border-color": "data(c)", "border-width": 1.5, "min-zoomed-font-size": 7, "z-index-compare": "manual",
        "z-index": "data(z)", "overlay-opacity": 0, "corner-radius": 6}},
      {selector: "node.job", style: {"background-opacity": 1, "background-color": t.surface, "border-width": 2, "corner-radius": 5}},
      {selector: "node.group", style: {"text-valign": "top", "text-margin-y": 22, "text-margin-x": toTheLeft, "background-opacity": t.open, "font-weight": "bold", color: t.soft}},
      {selector: "node.open", style: {"text-valign": "top", "text-margin-y": 23, "text-margin-x": toTheLeft, "background-opacity": t.open, "font-size": 14, "font-weight": "bold"}},
      {selector: "node.outside", style: {"background-opacity": 0, "border-style": "dashed", "border-color": t.soft, color: t.soft, "corner-radius": 15}},
      {selector: "node.never", style: {"border-style": "double", "border-width": 5}},
      {selector: "edge", style: {
        width: (edge) => edge.data("t") * thickness, "line-color": t.edge, "curve-style": "straight", "target-arrow-shape": "triangle", "target-arrow-color": t.edge, "arrow-scale": 0.9,
        "z-index-compare": "manual", "z-index": 50, "overlay-opacity": 0, opacity: 0.5}},
      {selector: "edge.soft", style: {"line-style": "dashed", "line-dash-pattern": [6 * thickness, 4 * thickness]}},
      {selector: "edge.noSoft", style: {display: "none"}},
      {selector: ".dim", style: {opacity: 0.12, "text-opacity": 0.25}},
      {selector: "edge.dim", style: {opacity: 0.04}},
      {selector: "edge.near", style: {
        "line-color": t.accent, "target-arrow-color": t.accent, opacity: 1, "z-index": 120}},
      {selector: "edge.told", style: {
        label: "data(l)", color: t.ink, "font-size": 11 * Math.max(1, thickness * 0.7), "z-index": 130,
        "text-background-color": t.ground, "text-background-opacity": 0.9, "text-background-padding": 2, "min-zoomed-font-size": 8, "text-rotation": "autorotate"}},
      {selector: "node.lit", style: {"border-width": 2.5 * thickness}},
      {selector: "node.workflow.lit", style: {"background-opacity": 0.85}},
      {selector: "node.open.lit", style: {"background-opacity": t.open}},
      {selector: "edge.lit", style: {"line-color": t.accent, "target-arrow-color": t.accent, opacity: 1, "z-index": 110}},
      {selector: "node.chosen", style: {"border-color": t.accent, "border-width": 4 * thickness}},
    ];
  };
  const openNow = new Set();
  const wid = (index) => "w" + index;
  const isOpenable = (wf) => wf.jobs.length > 1;
  const repOf = (end) => (end < 0 ? "o" + (-end - 2) : jobs[end].index === workflows[jobs[end].wf].root || !openNow.has(jobs[end].wf)
    ? wid(jobs[end].wf) : "j" + end);
  const node = (id, item, label, colour, classes, font, z) => ({
    group: "nodes", classes, position: {x: item.x + item.w / 2, y: item.y + item.h / 2},
    data: {id, w: item.w, h: item.h, l: label, c: colour, f: font, z}});
  const fontFor = (wf) => {
    const label = shortened(jobs[wf.root].name);
    return Math.max(12, Math.min(wf.h * 0.3, (wf.w * 0.9) / (label.length * 0.62), 160));
  };
  const workflowNode = (wf) => {
    const single = !isOpenable(wf);
    return node(wid(wf.index), wf, shortened(jobs[wf.root].name), colourOf(ofWorkflow(mode, wf)),
      (single ? "job" : "workflow") + (jobs[wf.root].never && single ? " never" : ""), fontFor(wf), single ? 100 : 0);
  };
  const jobNode = (job) => node("j" + job.index, job, shortened(job.name), colourOf(ofJob[mode](job)),
    (job.members ? "group" : "job") + (job.never ? " never" : ""), 12, job.members ? Math.min(1 + depthOf(job), 49) : 100);
  const outsideNode = (item) => node("o" + item.index, item, shortened(item.name), grey, "outside", 12, 100);

  const edgeDeps = new Map(); // edge id → its dependencies
  const edgesFor = (indexes, into, known) => {
    for (const index of indexes) {
      const dep = deps[index];
      const from = repOf(dep.from), to = repOf(dep.to);
      if (from === to || dep.from === SHARED) continue;
      const id = from + ">" + to;
      if (known.has(id)) {
        const list = known.get(id);
        if (!list.includes(index)) list.push(index);
        continue;
      }
      known.set(id, [index]);
      into.push(id);
    }
  };
  const edgeElement = (id, list) => {
    const [source, target] = id.split(">");
    const soft = list.every((index) => deps[index].soft);
    const first = deps[list[0]];
    const label = list.length > 1 ? `${list.length} dependencies` : shortened(first.text, 40);
    return {group: "edges", classes: soft ? (byId("soft").checked ? "soft" : "soft noSoft") : "",
      data: {id, source, target, l: label, t: Math.min(1.2 + Math.log2(list.length) * 0.8, 7)}};
  };
  const elements = [];
  for (const wf of workflows) elements.push(workflowNode(wf));
  for (const item of outside) elements.push(outsideNode(item));
  {
    const ids = [];
    edgesFor(deps.map((dep) => dep.index), ids, edgeDeps);
    for (const id of ids) elements.push(edgeElement(id, edgeDeps.get(id)));
  }
  const large = elements.length > 4000;
  const cy = cytoscape({
    container: byId("map"), elements, layout: {name: "preset", fit: true, padding: 30}, style: styleSheet(), minZoom: 0.004, maxZoom: 3,
    boxSelectionEnabled: false, autoungrabify: true, autounselectify: true, hideEdgesOnViewport: large, textureOnViewport: large,
    pixelRatio: large ? 1 : "auto",
  });
  cy.one("render", () => { document.documentElement.dataset.drawn = Math.round(performance.now()); });

  // ---- opening and closing workflows by zoom ------------------------------------------------
  const rebuildEdges = (wf) => {
    const own = cy.collection().union(cy.getElementById(wid(wf.index)));
    let edges = own.connectedEdges();
    if (openNow.has(wf.index)) edges = edges.union(cy.nodes(`[wf = ${wf.index}]`).connectedEdges());
    edges.forEach((edge) => { edgeDeps.delete(edge.id()); });
    edges.remove();
    const ids = [];
    edgesFor(wf.crossing, ids, edgeDeps);
    const made = ids.filter((id) => cy.getElementById(id).empty()).map((id) => edgeElement(id, edgeDeps.get(id)));
    paint(cy.add(made));
  };
  const setOpen = (wf, open) => {
    const element = cy.getElementById(wid(wf.index));
    if (open) {
      openNow.add(wf.index);
      paint(cy.add(wf.jobs.filter((j) => j !== wf.root).map((j) => {
        const made = jobNode(jobs[j]);
        made.data.wf = wf.index;
        return made;
      })));
      element.addClass("open");
    } else {
      openNow.delete(wf.index);
      const members = cy.nodes(`[wf = ${wf.index}]`);
      members.connectedEdges().forEach((edge) => { edgeDeps.delete(edge.id()); });
      members.remove();
      element.removeClass("open");
    }
    rebuildEdges(wf);
  };
  const updateOpen = () => {
    const view = cy.extent(), zoom = cy.zoom();
    if (thicknessAt(zoom) !== thickness) {
      thickness = thicknessAt(zoom);
      cy.style(styleSheet());
    }
    const wanted = [];
    for (const wf of workflows)
      if (isOpenable(wf) && wf.w * zoom >= OPEN_AT && wf.x < view.x2 && wf.x + wf.w > view.x1 && wf.y < view.y2 && wf.y + wf.h > view.y1)
        wanted.push(wf);
    const cx = (view.x1 + view.x2) / 2, cyy = (view.y1 + view.y2) / 2;
    const away = (wf) => Math.hypot(Math.max(wf.x - cx, cx - wf.x - wf.w, 0), Math.max(wf.y - cyy, cyy - wf.y - wf.h, 0));
    wanted.sort((a, b) => away(a) - away(b) || a.index - b.index);
    const keep = new Set();
    let total = 0;
    for (const wf of wanted) {
      // Small members on the screen would only be noise.
      if (zoom < 0.28 && wf.jobs.length > 12 && wf.w * zoom < cy.width() * 0.5) continue;
      if (total > 0 && total + wf.jobs.length > MOST_OPEN) break;
      total += wf.jobs.length;
      keep.add(wf.index);
    }
    const shut = [...openNow].filter((index) => !keep.has(index)), fresh = [...keep].filter((index) => !openNow.has(index));
    if (!shut.length && !fresh.length) return;
    cy.batch(() => {
      for (const index of shut) setOpen(workflows[index], false);
      for (const index of fresh) setOpen(workflows[index], true);
    });
    showChosen();
  };
  let timer = 0;
  cy.on("viewport", () => { clearTimeout(timer); timer = setTimeout(updateOpen, 90); });

  // ---- what is lit: a focus, a path, a legend entry -----------------------------------------
  let lit = null; // {jobs: Set, outside: Set, what}
  const isLit = (id) => {
    const index = Number(id.slice(1));
    if (id[0] === "o") return lit.outside.has(index);
    if (id[0] === "j") return lit.jobs.has(index);
    return lit.workflows.has(index);
  };
  const paint = (collection) => {
    collection.forEach((element) => {
      if (!lit) { element.removeClass("dim lit"); return; }
      const on = element.isNode() ? isLit(element.id()) : isLit(element.data("source")) && isLit(element.data("target"));
      element.toggleClass("dim", !on);
      element.toggleClass("lit", on);
    });
  };
  const light = (jobSet, outsideSet, what) => {
    lit = jobSet ? {jobs: jobSet, outside: outsideSet, workflows: new Set([...jobSet].map((j) => jobs[j].wf)), what} : null;
    cy.batch(() => paint(cy.elements()));
    const box = byId("mode");
    box.replaceChildren();
    box.hidden = !lit;
    if (lit) {
      box.append(what);
      const end = button("End (Esc)", () => light(null));
      box.append(end);
      say(what);
    }
    if (!lit) for (const each of byId("legend").querySelectorAll("button")) each.setAttribute("aria-pressed", "false");
  };

  // Events 2j (start) and 2j+1 (end). A member starts in its box, a box ends after its members.
  const forward = (event) => {
    const job = jobs[event >> 1], next = [];
    if (event & 1) {
      for (const d of job.used) if (allowed(deps[d])) next.push(2 * deps[d].to);
      if (job.box !== NONE) next.push(2 * job.box + 1);
    } else {
      next.push(event + 1);
      if (job.members) for (const m of membersOf(job)) next.push(2 * m);
    }
    return next;
  };
  const backward = (event) => {
    const job = jobs[event >> 1], next = [];
    if (event & 1) {
      next.push(event - 1);
      if (job.members) for (const m of membersOf(job)) next.push(2 * m + 1);
    } else {
      for (const d of job.uses) if (deps[d].from >= 0 && allowed(deps[d])) next.push(2 * deps[d].from + 1);
      if (job.box !== NONE) next.push(2 * job.box);
    }
    return next;
  };
  const memberLists = new Map();
  const membersOf = (box) => {
    if (!memberLists.has(box.index)) memberLists.set(box.index, workflows[box.wf].jobs.filter((j) => jobs[j].box === box.index));
    return memberLists.get(box.index);
  };
  const allowed = (dep) => byId("soft").checked || !dep.soft;
  const reach = (starts, step) => {
    const seen = new Set(starts), queue = [...starts];
    for (let i = 0; i < queue.length; i++)
      for (const next of step(queue[i])) if (!seen.has(next)) { seen.add(next); queue.push(next); }
    return seen;
  };
  const focus = (direction) => {
    const at = chosenJobs();
    if (!at.length) { say("Choose a job first"); return; }
    const found = new Set(at), from = new Set();
    const take = (events) => { for (const event of events) found.add(event >> 1); };
    if (direction !== "down") take(reach(at.map((j) => 2 * j), backward));
    if (direction !== "up") take(reach(at.map((j) => 2 * j + 1), forward));
    for (const j of found) {
      if (direction !== "down") for (const d of jobs[j].uses) if (deps[d].from < SHARED) from.add(-deps[d].from - 2);
    }
    if (chosen && chosen.type === "o") from.add(chosen.index);
    const words = {up: "before", down: "after", both: "before and after"}[direction];
    light(found, from, `${found.size - at.length} ${words} ${nameOf(chosen)}`);
    fitLit();
  };
  const path = (source, target) => {
    const start = jobsOf(source), goal = new Set(jobsOf(target).flatMap((j) => [2 * j, 2 * j + 1]));
    const before = new Map(), queue = [];
    for (const j of start) for (const event of source.type === "o" ? [2 * j] : [2 * j + 1, 2 * j]) {
      if (!before.has(event)) { before.set(event, NONE); queue.push(event); }
    }
    let end = NONE;
    for (let i = 0; i < queue.length && end === NONE; i++) {
      if (goal.has(queue[i])) { end = queue[i]; break; }
      for (const next of forward(queue[i])) if (!before.has(next)) { before.set(next, queue[i]); queue.push(next); }
    }
    if (end === NONE) return null;
    const steps = [];
    for (let at = end; at !== NONE; at = before.get(at)) if (steps[0] !== at >> 1) steps.unshift(at >> 1);
    return steps;
  };
  let pathFrom = null;
  const beginPath = () => {
    if (!chosen) { say("Choose where the path begins first"); return; }
    pathFrom = chosen;
    light(null);
    const box = byId("mode");
    box.replaceChildren(`Path from ${nameOf(chosen)}: choose the other end`, button("Cancel (Esc)", endPath));
    box.hidden = false;
    say("Choose the other end of the path");
  };
  const endPath = () => { pathFrom = null; byId("mode").hidden = !lit; };
  const finishPath = (target) => {
    const source = pathFrom;
    pathFrom = null;
    let steps = path(source, target), words = `Path from ${nameOf(source)} to ${nameOf(target)}`;
    if (!steps) { steps = path(target, source); words = `Path from ${nameOf(target)} to ${nameOf(source)}`; }
    if (!steps) {
      const box = byId("mode");
      box.replaceChildren(`No path between ${nameOf(source)} and ${nameOf(target)}`, button("Close", endPath));
      box.hidden = false;
      say("No path");
      return;
    }
    light(new Set(steps), new Set(), `${words}: ${steps.length} jobs`);
    fitLit();
    showPath(words, steps);
  };

  // ---- the camera ---------------------------------------------------------------------------
  const fitArea = (area, padding = 60, most = 1.4) => {
    const width = cy.width() - 2 * padding, height = cy.height() - 2 * padding;
    const zoom = Math.min(Math.max(width, 50) / area.w, Math.max(height, 50) / area.h, most);
    cy.stop(true, true);
    cy.animate({zoom, pan: {x: cy.width() / 2 - zoom * (area.x + area.w / 2), y: cy.height() / 2 - zoom * (area.y + area.h / 2)}},
      {duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 260, easing: "ease-in-out-cubic", complete: updateOpen});
  };
  const around = (items) => {
    let x1 = Infinity, y1 = Infinity, x2 = -Infinity, y2 = -Infinity;
    for (const item of items) {
      x1 = Math.min(x1, item.x); y1 = Math.min(y1, item.y); x2 = Math.max(x2, item.x + item.w); y2 = Math.max(y2, item.y + item.h);
    }
    return {x: x1, y: y1, w: x2 - x1, h: y2 - y1};
  };
  const fitLit = () => { if (lit && (lit.jobs.size || lit.outside.size)) fitArea(around([...[...lit.jobs].map((j) => jobs[j]), ...[...lit.outside].map((o) => outside[o])])); };
  const wholeEstate = () => fitArea(around([...workflows, ...outside]), 30);

  // ---- what is chosen -----------------------------------------------------------------------
  let chosen = null; // {type: "j" | "o", index}
  const itemOf = (what) => (what.type === "o" ? outside[what.index] : jobs[what.index]);
  const nameOf = (what) => shortened(itemOf(what).name, 60);
  const jobsOf = (what) => (what.type === "j" ? [what.index] : [...new Set(outside[what.index].used.map((d) => deps[d].to))]);
  const chosenJobs = () => (chosen ? jobsOf(chosen) : []);
  const showChosen = () => {
    cy.batch(() => {
      cy.elements(".chosen, .near").removeClass("chosen near told");
      if (!chosen) return;
      const element = cy.getElementById(chosen.type === "o" ? "o" + chosen.index : repOf(chosen.index));
      element.addClass("chosen");
      element.connectedEdges().addClass("near");
    });
  };
  const choose = (what, look) => {
    if (what && pathFrom) { chosen = what; showChosen(); showPanel(); finishPath(what); return; }
    chosen = what;
    showChosen();
    showPanel();
    if (what) say(itemOf(what).name.slice(0, 200));
    if (what && look) lookAt(what);
  };
  const lookAt = (what) => {
    const item = itemOf(what);
    const wf = what.type === "j" ? workflows[item.wf] : null;
    fitArea(wf && item.index === wf.root ? wf : {x: item.x - 160, y: item.y - 120, w: item.w + 320, h: item.h + 240});
  };
  const step = (key) => {
    if (!chosen) { if (workflows.length) choose({type: "j", index: workflows[0].root}, true); return; }
    const item = itemOf(chosen);
    const before = chosen.type === "j" ? item.uses.map((d) => deps[d]).filter((d) => d.from !== SHARED).map((d) => d.from) : [];
    const after = item.used.map((d) => deps[d].to);
    let next = null;
    if (key === "ArrowLeft") next = before.length ? before[0] : chosen.type === "j" && item.box !== NONE ? item.box : null;
    if (key === "ArrowRight") next = after.length ? after[0] : chosen.type === "j" && item.members ? membersOf(item)[0] : null;
    if (key === "ArrowUp" || key === "ArrowDown") {
      const siblings = chosen.type === "o" ? outside.map((o) => -o.index - 2) : item.box !== NONE ? membersOf(jobs[item.box]) : workflows.map((w) => w.root);
      const own = chosen.type === "o" ? -chosen.index - 2 : chosen.index;
      const at = siblings.indexOf(own) + (key === "ArrowDown" ? 1 : -1);
      next = siblings[(at + siblings.length) % siblings.length];
    }
    if (next === null) { say("Nothing there"); return; }
    choose(next < 0 ? {type: "o", index: -next - 2} : {type: "j", index: next}, true);
  };
  const targetOf = (id) => {
    const index = Number(id.slice(1));
    return id[0] === "o" ? {type: "o", index} : {type: "j", index: id[0] === "w" ? workflows[index].root : index};
  };
  cy.on("tap", (event) => {
    if (event.target === cy) { if (!pathFrom) choose(null); return; }
    if (event.target.isNode()) choose(targetOf(event.target.id()));
    else showEdge(event.target.id());
  });
  cy.on("dbltap", "node", (event) => lookAt(targetOf(event.target.id())));

  // ---- the panel ----------------------------------------------------------------------------
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const button = (text, action) => {
    const element = make("button", "", text);
    element.type = "button";
    element.addEventListener("click", action);
    return element;
  };
  const linkTo = (what) => {
    const element = button(itemOf(what).name.slice(0, 300), () => choose(what, true));
    element.className = "link name";
    return element;
  };
  const placeOf = (file, line) => (file === NONE ? "" : `${data.files[file]}:${line}`);
  const whatSide = (dep) => (dep.from >= 0 ? {type: "j", index: dep.from} : {type: "o", index: -dep.from - 2});
  const roles = ["", "", "box success: ", "box failure: "];
  const rowOf = (dep, what) => {
    const row = make("li");
    if (what) row.append(linkTo(what));
    row.append(make("span", "tag", data.dependencyKinds[dep.kind].replace("_", " ") + (dep.soft ? ", soft" : "")));
    const why = make("small", "why", roles[dep.role] + dep.text.slice(0, 600));
    row.append(why);
    if (dep.file !== NONE) row.append(make("small", "", placeOf(dep.file, dep.line)));
    return row;
  };
  const section = (panel, title, items, toRow) => {
    if (!items.length) return;
    panel.append(make("h3", "", `${title} (${items.length})`));
    const list = make("ul", "rows");
    for (const item of items.slice(0, LIMIT)) list.append(toRow(item));
    panel.append(list);
    if (items.length > LIMIT) panel.append(make("small", "", `and ${items.length - LIMIT} more`));
  };
  const fact = (list, name, value, className) => {
    if (value === "" || value === undefined) return;
    list.append(make("dt", "", name), make("dd", "name" + (className ? " " + className : ""), value));
  };
  const word = (table, index) => (index === NONE ? "" : table[index]);
  const span = (seconds) => (seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`);
  const showPanel = () => {
    const panel = byId("panel");
    panel.replaceChildren();
    panel.scrollTop = 0;
    if (!chosen) { showEstate(panel); return; }
    const item = itemOf(chosen), isJob = chosen.type === "j";
    panel.append(make("h2", "name", item.name));
    panel.append(make("small", "", isJob ? word(data.kinds, item.kind) : `${data.outsideKinds[item.kind]}, outside the estate`));
    const bar = make("div", "bar");
    bar.append(button("Before (U)", () => focus("up")), button("After (D)", () => focus("down")), button("Both (B)", () => focus("both")),
      button("Path from here (P)", beginPath), button("Zoom to it (Enter)", () => lookAt(chosen)));
    panel.append(bar);
    if (isJob) {
      const wf = workflows[item.wf], facts = make("dl");
      if (item.never) fact(facts, "Never runs", item.never, "bad");
      if (item.index !== wf.root) fact(facts, "Workflow", jobs[wf.root].name);
      fact(facts, "Owner", word(data.owners, item.owner));
      fact(facts, "Machine", word(data.machines, item.machine));
      fact(facts, "Application", word(data.applications, item.app));
      fact(facts, "Fidelity", word(data.fidelities, wf.fidelity));
      if (wf.assumptions) fact(facts, "if", wf.assumptions);
      fact(facts, "Wave", word(data.waves, wf.wave));
      fact(facts, "Verdict", word(data.verdicts, wf.verdict));
      if (item.index === wf.root && wf.jobs.length > 1) fact(facts, "Jobs", String(wf.jobs.length));
      if (item.runs) fact(facts, "Runs", `${item.runs[0]}, ${item.runs[1]} failed, half within ${span(item.runs[2])}, 95 % within ${span(item.runs[3])}`);
      fact(facts, "Defined in", placeOf(item.file, item.line));
      panel.append(facts);
      const text = make("pre", "", item.text);
      text.tabIndex = 0;
      panel.append(text);
      const uses = item.uses.map((d) => deps[d]);
      section(panel, "Waits for", uses.filter((d) => d.from !== SHARED), (d) => rowOf(d, whatSide(d)));
      section(panel, "Shares", uses.filter((d) => d.from === SHARED), (d) => {
        const row = rowOf(d, null), users = shared.get(d.kind + " " + d.object);
        const link = button(`${d.object.slice(0, 200)} with ${users.length - 1} more`, () => { light(new Set(users), new Set(), `${users.length} jobs share ${shortened(d.object, 60)}`); fitLit(); });
        link.className = "link name";
        row.prepend(link);
        return row;
      });
    }
    section(panel, isJob ? "Followed by" : "Waited for by", item.used.map((d) => deps[d]), (d) => rowOf(d, {type: "j", index: d.to}));
    if (isJob && item.members) section(panel, "Members", membersOf(item), (m) => { const row = make("li"); row.append(linkTo({type: "j", index: m})); return row; });
  };
  const showEstate = (panel) => {
    panel.append(make("h2", "name", data.title));
    const facts = make("dl");
    fact(facts, "Workflows", String(workflows.length));
    fact(facts, "Jobs", String(jobs.length));
    fact(facts, "Dependencies", String(deps.length));
    fact(facts, "Outside", outside.length ? String(outside.length) : "");
    const never = jobs.filter((job) => job.never);
    fact(facts, "Never run", never.length ? String(never.length) : "", "bad");
    panel.append(facts);
    panel.append(make("p", "", "Choose a workflow or job, or search with /. Zoom in to open a workflow. ? shows the keys."));
    section(panel, "Never run", never, (job) => { const row = make("li"); row.append(linkTo({type: "j", index: job.index}), make("span", "tag", job.never)); return row; });
    const custom = deps.filter((dep) => data.dependencyKinds[dep.kind] === "time_order");
    section(panel, "In order only by custom", custom, (dep) => { const row = rowOf(dep, {type: "j", index: dep.to}); return row; });
    const shares = [...shared].filter(([, users]) => users.length > 1).sort((a, b) => b[1].length - a[1].length);
    section(panel, "Shared by most", shares, ([key, users]) => {
      const row = make("li"), at = key.indexOf(" ");
      const link = button(key.slice(at + 1).slice(0, 200), () => { light(new Set(users), new Set(), `${users.length} jobs share ${shortened(key.slice(at + 1), 60)}`); fitLit(); });
      link.className = "link name";
      row.append(link, make("span", "tag", `${data.dependencyKinds[Number(key.slice(0, at))]}, ${users.length} jobs`));
      return row;
    });
  };
  const showPath = (words, steps) => {
    const panel = byId("panel");
    panel.replaceChildren(make("h2", "", words));
    section(panel, "Step by step", steps, (j) => {
      const row = make("li"), at = steps.indexOf(j);
      row.append(linkTo({type: "j", index: j}));
      const dep = at > 0 ? jobs[j].uses.map((d) => deps[d]).find((d) => d.from === steps[at - 1]) : undefined;
      if (dep) {
        row.append(make("span", "tag", data.dependencyKinds[dep.kind].replace("_", " ")), make("small", "why", dep.text.slice(0, 600)),
          make("small", "", placeOf(dep.file, dep.line)));
      } else if (at > 0) {
        row.append(make("small", "why", jobs[j].box === steps[at - 1] ? "starts in its box" : "ends after its member"));
      }
      return row;
    });
  };
  const showEdge = (id) => {
    const list = edgeDeps.get(id);
    if (!list) return;
    const panel = byId("panel");
    panel.replaceChildren(make("h2", "", "Dependencies on this arrow"));
    section(panel, "Each", list.map((d) => deps[d]), (dep) => {
      const row = rowOf(dep, {type: "j", index: dep.to});
      row.prepend(linkTo(whatSide(dep)), make("small", "", "  →  "));
      return row;
    });
    cy.batch(() => { cy.elements(".near, .chosen").removeClass("near told chosen"); cy.getElementById(id).addClass("near told"); });
  };

  // ---- legend -------------------------------------------------------------------------------
  const modes = [["fidelity", "Fidelity"], ["owner", "Owner"], ["application", "Application"], ["kind", "Kind"]];
  if (data.waves.length) modes.unshift(["wave", "Wave"]);
  if (data.verdicts.length) modes.unshift(["verdict", "Verdict"]);
  for (const [value, text] of modes) {
    const option = make("option", "", text);
    option.value = value;
    byId("colour").append(option);
  }
  const swatch = (colour) => {
    const element = make("span");
    element.style.cssText = "flex:none;width:14px;height:14px;border-radius:4px";
    element.style.background = colour;
    return element;
  };
  const showLegend = () => {
    const legend = byId("legend");
    legend.replaceChildren();
    const {order, counts} = rankOf[mode];
    const shown = order.filter(([, value]) => counts[value] > 0);
    for (const [, value] of shown.slice(0, palette.length)) {
      const entry = button("", () => {
        if (entry.getAttribute("aria-pressed") === "true") { light(null); return; }
        light(new Set(jobs.filter((job) => ofJob[mode](job) === value).map((job) => job.index)), new Set(), `${counts[value]} jobs: ${shortened(tables[mode][value], 60)}`);
        for (const each of legend.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === entry));
      });
      entry.setAttribute("aria-pressed", "false");
      entry.append(swatch(colourOf(value)), make("span", "name", tables[mode][value].slice(0, 200)), make("small", "", String(counts[value])));
      legend.append(entry);
    }
    if (shown.length > palette.length) legend.append(make("small", "", `and ${shown.length - palette.length} more in grey`));
  };
  const recolour = () => {
    cy.batch(() => {
      cy.nodes().forEach((element) => {
        const id = element.id(), index = Number(id.slice(1));
        if (id[0] === "w") element.data("c", colourOf(ofWorkflow(mode, workflows[index])));
        if (id[0] === "j") element.data("c", colourOf(ofJob[mode](jobs[index])));
      });
    });
    showLegend();
  };
  byId("colour").value = mode;
  byId("colour").addEventListener("change", (event) => { mode = event.target.value; light(null); recolour(); });
  byId("soft").addEventListener("change", (event) => { cy.batch(() => cy.edges(".soft").toggleClass("noSoft", !event.target.checked)); });

  // ---- search -------------------------------------------------------------------------------
  const folded = jobs.map((job) => job.name.toLowerCase());
  const foldedOutside = outside.map((item) => item.name.toLowerCase());
  const search = byId("search"), results = byId("results");
  let hits = [], at = 0;
  const find = (text) => {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return [];
    const found = [[], [], []];
    const look = (name, what) => {
      const place = name.indexOf(wanted);
      if (place >= 0) found[name === wanted ? 0 : place === 0 ? 1 : 2].push(what);
    };
    folded.forEach((name, index) => look(name, {type: "j", index}));
    foldedOutside.forEach((name, index) => look(name, {type: "o", index}));
    return found.flat().slice(0, 60);
  };
  const showHits = () => {
    results.replaceChildren();
    hits.forEach((what, index) => {
      const item = itemOf(what), row = make("li");
      row.setAttribute("role", "option");
      row.id = "hit" + index;
      row.setAttribute("aria-selected", String(index === at));
      row.append(make("span", "name", item.name.slice(0, 200)));
      row.append(make("small", "", what.type === "o" ? "outside" : item.index === workflows[item.wf].root ? "workflow" : shortened(jobs[workflows[item.wf].root].name, 24)));
      row.addEventListener("mousedown", (event) => { event.preventDefault(); at = index; take(); });
      results.append(row);
    });
    if (!hits.length && search.value.trim()) results.append(make("li", "", "nothing found"));
    results.hidden = !search.value.trim();
    search.setAttribute("aria-expanded", String(!results.hidden));
    if (hits.length) search.setAttribute("aria-activedescendant", "hit" + at);
    else search.removeAttribute("aria-activedescendant");
    results.children[at]?.scrollIntoView({block: "nearest"});
  };
  const take = () => {
    if (!hits[at]) return;
    results.hidden = true;
    search.setAttribute("aria-expanded", "false");
    byId("map").focus({preventScroll: true});
    choose(hits[at], true);
  };
  search.addEventListener("input", () => { hits = find(search.value); at = 0; showHits(); });
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = Math.max(0, Math.min(hits.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)));
      showHits();
      event.preventDefault();
    } else if (event.key === "Enter") {
      take();
      event.preventDefault();
    } else if (event.key === "Escape") {
      results.hidden = true;
      byId("map").focus({preventScroll: true});
      event.stopPropagation();
    }
  });
  search.addEventListener("blur", () => { results.hidden = true; search.setAttribute("aria-expanded", "false"); });
  search.addEventListener("focus", () => { if (search.value.trim()) { hits = find(search.value); showHits(); } });

  // ---- keys and buttons ---------------------------------------------------------------------
  const say = (text) => { byId("status").textContent = text; };
  const zoomBy = (factor) => cy.zoom({level: cy.zoom() * factor, renderedPosition: {x: cy.width() / 2, y: cy.height() / 2}});
  const setTheme = (dark) => {
    isDark = dark;
    document.documentElement.classList.toggle("dark", dark);
    cy.style(styleSheet());
  };
  const keys = {
    "/": () => { search.focus(); search.select(); }, u: () => focus("up"), d: () => focus("down"), b: () => focus("both"), p: beginPath,
    "+": () => zoomBy(1.35), "=": () => zoomBy(1.35), "-": () => zoomBy(1 / 1.35), 0: wholeEstate, t: () => setTheme(!isDark), "?": () => byId("help").showModal(),
    Enter: () => { if (chosen) lookAt(chosen); },
    Escape: () => { if (pathFrom) endPath(); else if (lit) light(null); else choose(null); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
    const inField = event.target.closest("input, select, pre");
    const onButton = event.target.closest("button, summary");
    if (inField && event.key !== "Escape") return;
    if (onButton && event.key === "Enter") return;
    if (event.key.startsWith("Arrow")) { step(event.key); event.preventDefault(); return; }
    const action = keys[event.key] || keys[event.key.toLowerCase()];
    if (action) { action(); event.preventDefault(); }
  });
  byId("in").addEventListener("click", () => zoomBy(1.35));
  byId("out").addEventListener("click", () => zoomBy(1 / 1.35));
  byId("whole").addEventListener("click", wholeEstate);
  byId("theme").addEventListener("click", () => setTheme(!isDark));
  byId("ask").addEventListener("click", () => byId("help").showModal());
  media.addEventListener("change", (event) => setTheme(event.matches));
  document.title = `${shortened(data.title, 60)}: hoist map`;
  setTheme(isDark);
  showLegend();
  showPanel();
  updateOpen();
})();
