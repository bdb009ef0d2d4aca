"use strict";
// The case browser of a report. Texts become part of the page by textContent alone. Index and
// chunks are unpacked when they are needed; a list of thousands of cases draws only the rows that
// can be seen.
(() => {
const ROW = 52, LONG = 20000, CELLS = 4000000, ALIKE = 0.35;
const byId = (id) => document.getElementById(id);
const proof = JSON.parse(byId("proof").textContent);
const ui = {};
for (const id of ["cases", "run", "query", "winner", "status", "category", "shortest", "longest",
  "sort", "disagree", "marks", "list", "space", "case", "count", "filters"]) ui[id] = byId(id);
const STATUSES = ["valid", "unparsed", "ambiguous", "truncated", "refused", "too_long", "failed"];
let run = 0, index = null, matches = [], selected = -1, search = 0;
const chunks = new Map(), texts = new Map();

function element(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

async function unpack(id) {
  const bytes = Uint8Array.from(atob(byId(id).textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function chunkOf(number, of = run) {
  const id = "chunk-" + of + "-" + Math.floor(number / 250);
  if (!chunks.has(id)) chunks.set(id, unpack(id));
  return chunks.get(id);
}

const models = () => proof.runs[run].metadata.decides.models;
const kind = () => proof.runs[run].metadata.kind;
const words = (text) => text.replaceAll("_", " ");

function outcomeText(outcome) {
  if (typeof outcome === "number") return models()[outcome] + (kind() === "rank" ? " is best" : " wins");
  return { tie: "tie", inconsistent: "inconsistent", none: "no verdict", scored: "scored" }[outcome];
}

function fill(select, options) {
  select.replaceChildren(...options.map(([value, text]) => {
    const option = element("option", "", text);
    option.value = value;
    return option;
  }));
  select.closest("label").hidden = options.length < 2;
}

async function openRun(number) {
  run = number;
  selected = -1;
  index = await unpack("index-" + run);
  const present = (values) => [...new Set(values)];
  const outcomes = present(index.outcome).sort((x, y) => String(x) < String(y) ? -1 : 1);
  fill(ui.winner, [["", "any"], ...outcomes.map((o) => [String(o), outcomeText(o)])]);
  const statuses = present(index.statuses.flat()).sort();
  fill(ui.status, [["", "any"], ...statuses.map((s) => [String(s), words(STATUSES[s])])]);
  const names = present(index.category).filter((c) => c !== null).sort();
  fill(ui.category, [["", "any"], ...names.map((c) => [c, c])]);
  index.longest = index.lengths.map((l) => Math.max(...l));
  await filter();
}

// Full text is searched chunk by chunk, in lower case; the texts are kept for the next search.
async function searchTexts(needle, ticket) {
  const hits = new Uint8Array(index.id.length);
  for (let start = 0; start < hits.length; start += 250) {
    const key = run + "-" + start;
    if (!texts.has(key)) {
      texts.set(key, (await chunkOf(start)).map((row) => textsOf(row).join("\n").toLowerCase()));
      await new Promise((done) => setTimeout(done));
    }
    if (ticket !== search) return null;
    texts.get(key).forEach((text, i) => { hits[start + i] = text.includes(needle) ? 1 : 0; });
  }
  return hits;
}

function textsOf(row) {
  return [row.case.id, ...row.case.prompt.map((m) => m.content),
    ...row.case.responses.flatMap((r) => [...(r.earlier || []), r.text]),
    row.case.reference || "", ...row.judgements.map((j) => j.reasoning)];
}

async function filter() {
  const ticket = ++search;
  const needle = ui.query.value.trim().toLowerCase();
  const hits = needle ? await searchTexts(needle, ticket) : null;
  if (ticket !== search) return;
  const winner = ui.winner.value, status = ui.status.value, category = ui.category.value;
  const from = Number(ui.shortest.value || 0), to = Number(ui.longest.value || Infinity);
  const kept = [];
  for (let i = 0; i < index.id.length; i++) {
    if (hits && !hits[i]) continue;
    if (winner && String(index.outcome[i]) !== winner) continue;
    if (status && !index.statuses[i].includes(Number(status))) continue;
    if (category && index.category[i] !== category) continue;
    if (index.longest[i] < from || index.longest[i] > to) continue;
    if (ui.disagree.checked && !index.disagree[i]) continue;
    kept.push(i);
  }
  matches = sorted(kept);
  const { cases, shown } = proof.runs[run];
  const all = shown < cases ? shown + " shown of " + cases : String(cases);
  ui.count.textContent = matches.length === shown ? all : matches.length + " of " + all;
  ui.space.style.height = matches.length * ROW + "px";
  const place = matches.indexOf(selected);
  ui.list.scrollTop = place < 0 ? 0 : Math.max(0, place * ROW - 2 * ROW);
  draw();
}

function sorted(kept) {
  const { lengths, longest, value, id } = index;
  const difference = (i) => Math.abs(lengths[i][0] - (lengths[i][1] ?? lengths[i][0]));
  const known = (i, missing) => value[i] === null ? missing : value[i];
  const orders = {
    id: (x, y) => id[x].localeCompare(id[y], "en", { numeric: true }),
    low: (x, y) => known(x, Infinity) - known(y, Infinity),
    high: (x, y) => known(y, -Infinity) - known(x, -Infinity),
    length: (x, y) => longest[y] - longest[x],
    difference: (x, y) => difference(y) - difference(x),
  };
  const order = orders[ui.sort.value];
  return order ? kept.sort((x, y) => order(x, y) || x - y) : kept;
}

function draw() {
  const first = Math.max(0, Math.floor(ui.list.scrollTop / ROW) - 4);
  const last = Math.min(matches.length, first + Math.ceil(ui.list.clientHeight / ROW) + 9);
  const rows = [];
  for (let place = first; place < last; place++) {
    const i = matches[place];
    const row = element("div", "row");
    row.id = "row-" + place;
    row.style.top = place * ROW + "px";
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", String(i === selected));
    row.setAttribute("aria-posinset", place + 1);
    row.setAttribute("aria-setsize", matches.length);
    const head = element("div", "head");
    const mark = index.disagree[i] ? " ≠" : "";
    head.append(element("b", "", index.id[i]), element("span", "", rowOutcome(i) + mark));
    row.append(head, element("div", "title", index.title[i] || index.category[i] || ""));
    row.addEventListener("click", () => select(i));
    rows.push(row);
  }
  ui.space.replaceChildren(...rows);
  const place = matches.indexOf(selected);
  if (place >= 0) ui.list.setAttribute("aria-activedescendant", "row-" + place);
  else ui.list.removeAttribute("aria-activedescendant");
}

function rowOutcome(i) {
  return index.outcome[i] === "scored" ? "score " + number(index.value[i]) : outcomeText(index.outcome[i]);
}

const number = (value) => value === null ? "none" : String(Number(value.toPrecision(6)));

async function select(i, quiet) {
  selected = i;
  const place = matches.indexOf(i);
  if (place >= 0) {
    const top = place * ROW;
    if (top < ui.list.scrollTop) ui.list.scrollTop = top;
    else if (top + ROW > ui.list.scrollTop + ui.list.clientHeight) {
      ui.list.scrollTop = top + ROW - ui.list.clientHeight;
    }
  }
  draw();
  const row = (await chunkOf(i))[i % 250];
  if (selected !== i) return;
  show(row, place);
  const hash = "#" + linkOf(index.id[i]);
  // A frame in a notebook has no address of its own to change.
  if (!quiet && location.protocol !== "about:" && location.hash !== hash) {
    history.replaceState(null, "", hash);
  }
}

function linkOf(id) {
  return (run ? "run-" + (run + 1) + ":" : "") + "case-" + encodeURIComponent(id);
}

function show(row, place) {
  const title = element("h3", "", row.case.id);
  if (row.case.category) title.append(element("span", "note", row.case.category));
  const link = element("a", "", "link to this case");
  link.href = "#" + linkOf(row.case.id);
  const go = element("span", "go");
  for (const [text, step] of [["← previous", -1], ["next →", 1]]) {
    const button = element("button", "", text);
    button.type = "button";
    button.disabled = place < 0 || !(place + step in matches);
    button.addEventListener("click", () => move(step));
    go.append(button);
  }
  title.append(link, go);
  const parts = [title, element("p", "result", inWords(row))];
  for (const message of row.case.prompt) {
    parts.push(element("h4", "", message.role), long(message.content, null));
    for (const name of ["tool_calls", "extra"]) {
      if (message[name]) parts.push(element("h4", "", words(name)), long(message[name], null));
    }
  }
  if (row.case.reference) parts.push(element("h4", "", "reference"), long(row.case.reference, null));
  for (const [name, value] of Object.entries(row.case.columns || {})) {
    parts.push(element("h4", "", name), long(Array.isArray(value) ? value.join("\n") : value, null));
  }
  parts.push(answers(row), ...row.judgements.map((j) => verdict(j, row.case)));
  ui.case.replaceChildren(...parts);
}

function labelOf(row, i) {
  const several = row.responses.length > 1;
  return row.responses[i].model + (several ? " (" + String.fromCharCode(97 + i) + ")" : "");
}

function inWords(row) {
  const { outcome } = row, label = (i) => labelOf(row.case, i);
  if (outcome.kind === "ranking") {
    const order = outcome.ranks.map((rank, i) => [rank, i]).filter(([rank]) => rank !== null).sort((x, y) => x[0] - y[0]);
    return order.map(([rank, i]) => rank + ". " + label(i)).join("   ") || "no verdict";
  }
  if (outcome.identical) return "A tie: the answers are the same text, and no judge was asked.";
  if (!outcome.decided) {
    const wrong = Object.entries(outcome.statuses).filter(([s, n]) => n && s !== "valid");
    return "No verdict: " + wrong.map(([s, n]) => n + " " + words(s)).join(", ");
  }
  if (outcome.labels && outcome.labels.length === 1) return "Class " + outcome.labels[0];
  if (row.case.responses.length === 1) {
    return outcome.scores.length ? "Score " + number(outcome.scores[0]) : "A verdict without a score";
  }
  if (outcome.winner === null) return "Inconsistent: the two orders do not agree.";
  const what = outcome.winner === "tie" ? "A tie" : label(outcome.winner) + " is better";
  const how = { consistent: "both orders agree", first: "though the first shown was chosen in both orders",
    second: "though the second shown was chosen in both orders", half_tie: "with a tie in one order" }[outcome.position];
  const margin = outcome.margin === null || outcome.winner === "tie" ? "" : ", margin " + number(outcome.margin);
  return what + (how ? ": " + how : "") + margin;
}

function answers(row) {
  const box = element("div", "answers");
  const responses = row.case.responses;
  const two = responses.length === 2 && ui.marks.checked;
  const marked = two ? differences(responses[0].text, responses[1].text) : null;
  responses.forEach((response, i) => {
    const part = element("div");
    const won = row.outcome.winner === i || (row.outcome.ranks && row.outcome.ranks[i] === 1);
    part.append(element("h4", won ? "won" : "", labelOf(row.case, i) + (won ? " ✓" : "")));
    (response.earlier || []).forEach((text, turn) => {
      part.append(element("h4", "", "turn " + (turn + 1)), long(text, null));
    });
    part.append(proof.redacted ? element("p", "note", "left out") : long(response.text, marked && marked[i], i));
    box.append(part);
  });
  if (two && !marked && !proof.redacted && !row.outcome.identical) {
    box.append(element("p", "note", "The answers have too little in common, or are too long, to mark their differences."));
  }
  return box;
}

// A text, cut where it is very long; `pieces` are the parts of it as [text, differs].
function long(text, pieces, side) {
  const box = element("div", "text");
  const write = () => {
    if (!text.trim()) { box.append(element("i", "note", text ? "(only white space)" : "(empty)")); return; }
    if (!pieces) { box.textContent = text; return; }
    for (const [piece, differs] of pieces) {
      box.append(differs ? element("mark", side ? "b" : "a", piece) : piece);
    }
  };
  if (text.length <= LONG) { write(); return box; }
  box.textContent = text.slice(0, LONG);
  const button = element("button", "", "show " + (text.length - LONG).toLocaleString("en") + " more characters");
  button.type = "button";
  button.addEventListener("click", () => { box.replaceChildren(); write(); });
  box.append(document.createElement("br"), button);
  return box;
}

// The words that only one of two texts has, by a longest common subsequence; null for long texts.
function differences(one, other) {
  if (one.length > LONG || other.length > LONG) return null;
  const split = (text) => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) || [];
  const x = split(one), y = split(other), n = x.length, m = y.length;
  if (n * m > CELLS) return null;
  const wide = m + 1, table = new Uint16Array((n + 1) * wide);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      table[i * wide + j] = x[i] === y[j] ? table[(i + 1) * wide + j + 1] + 1
        : Math.max(table[(i + 1) * wide + j], table[i * wide + j + 1]);
    }
  }
  const out = [[], []];
  const add = (side, text, differs) => {
    const last = out[side][out[side].length - 1];
    if (last && last[1] === differs) last[0] += text;
    else out[side].push([text, differs]);
  };
  let i = 0, j = 0;
  while (i < n || j < m) {
    if (i < n && j < m && x[i] === y[j]) { add(0, x[i++], false); add(1, y[j++], false); }
    else if (j >= m || (i < n && table[(i + 1) * wide + j] >= table[i * wide + j + 1])) add(0, x[i++], true);
    else add(1, y[j++], true);
  }
  // Marks help where two answers are versions of one text; elsewhere they would cover everything.
  const alike = out[0].filter(([, differs]) => !differs).reduce((sum, [text]) => sum + text.trim().length, 0);
  return alike < ALIKE * Math.max(1, Math.min(one.length, other.length)) ? null : out;
}

function verdict(j, of) {
  const box = element("div", "verdict" + (j.status === "valid" ? "" : " invalid"));
  const shown = j.order.map((i) => labelOf(of, i));
  let where = shown[0];
  if (shown.length > 1) where = "first " + shown[0] + " as " + j.names[0] + ", second " + shown[1] + " as " + j.names[1];
  if (j.repeat) where += " (repeat " + (j.repeat + 1) + ")";
  let what = { first: "chose the first, " + shown[0], second: "chose the second, " + shown[shown.length - 1], tie: "a tie" }[j.choice];
  if (j.label) what = "class " + j.label;
  if (j.score !== null) what = "score " + number(j.score);
  if (j.status !== "valid") what = "no verdict, " + words(j.status) + (j.error ? " (" + j.error + ")" : "");
  if (j.probability !== null && j.choice) what += " (the first better with p = " + j.probability.toFixed(2) + ")";
  const line = element("p", "", (j.judge ? j.judge + ": " : "") + where + ": ");
  line.append(element("b", "", what));
  box.append(line);
  if (j.criteria && j.criteria.length) box.append(criteria(j.criteria));
  if (j.reasoning) box.append(long(j.reasoning, null));
  return box;
}

function criteria(list) {
  const table = element("table");
  for (const c of list) {
    const line = element("tr");
    const value = c.value === null ? words(c.status) : number(c.value);
    line.append(element("td", "", c.name), element("td", "n", value), element("td", "", c.reason || c.error || ""));
    table.append(line);
  }
  return table;
}

function move(step) {
  const place = matches.indexOf(selected);
  const next = matches[place < 0 ? 0 : Math.min(matches.length - 1, Math.max(0, place + step))];
  if (next !== undefined) select(next);
}

function clear() {
  ui.filters.reset();
  ui.run.value = String(run);
  return filter();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "Escape") { clear(); ui.list.focus(); return; }
  if (typing && event.target.type !== "checkbox") {
    if (event.key === "Enter") { event.preventDefault(); ui.list.focus(); move(0); }
    return;
  }
  const inList = document.activeElement === ui.list;
  const pages = Math.max(1, Math.floor(ui.list.clientHeight / ROW) - 1);
  const keys = { j: () => move(1), k: () => move(-1), "/": () => ui.query.focus(),
    d: () => { ui.disagree.checked = !ui.disagree.checked; filter(); },
    m: () => { ui.marks.checked = !ui.marks.checked; if (selected >= 0) select(selected); } };
  if (inList) {
    Object.assign(keys, { ArrowDown: keys.j, ArrowUp: keys.k, PageDown: () => move(pages),
      PageUp: () => move(-pages), Home: () => move(-Infinity), End: () => move(Infinity) });
  }
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
}

// #case-ID, or #run-2:case-ID
async function follow() {
  const parts = /^#(?:run-(\d+):)?case-(.*)$/.exec(location.hash);
  if (!parts) return false;
  const wanted = parts[1] ? Number(parts[1]) - 1 : 0;
  if (wanted !== run && wanted in proof.runs) { ui.run.value = String(wanted); await openRun(wanted); }
  let id = parts[2];
  try { id = decodeURIComponent(id); } catch { return false; }
  const i = index.id.indexOf(id);
  if (i < 0) return false;
  if (!matches.includes(i)) await clear();
  await select(i, true);
  ui.case.scrollIntoView({ block: "nearest" });
  return true;
}

async function begin() {
  if (!proof.runs.length) return;
  ui.cases.hidden = false;
  if (typeof DecompressionStream === "undefined") {
    ui.case.textContent = "This browser is too old to unpack the cases; the metrics above are complete.";
    return;
  }
  fill(ui.run, proof.runs.map((r, i) => [String(i), (i + 1) + ". " + (r.name || r.metadata.decides.models.join(" against "))]));
  ui.run.addEventListener("change", () => openRun(Number(ui.run.value)));
  for (const name of ["winner", "status", "category", "sort", "disagree"]) ui[name].addEventListener("change", filter);
  for (const name of ["query", "shortest", "longest"]) ui[name].addEventListener("input", filter);
  ui.marks.addEventListener("change", () => { if (selected >= 0) select(selected); });
  ui.filters.addEventListener("submit", (event) => event.preventDefault());
  ui.list.addEventListener("scroll", draw, { passive: true });
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", follow);
  window.addEventListener("resize", draw);
  await openRun(0);
  if (!(await follow()) && matches.length) await select(matches[0], true);
  document.documentElement.dataset.ready = "yes";
}

begin();
})();
