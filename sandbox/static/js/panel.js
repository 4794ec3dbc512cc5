// "What Slack would say": every call of the bot, every acknowledgement, and what Slack would have refused.
import { api } from "./api.js";
import { debounce, fill, h, iconButton } from "./dom.js";
import { icon } from "./icons.js";
import { app, emit, on } from "./store.js";

const LIMIT = 3000; // ms that Slack waits for an acknowledgement
const KEPT = 300;
const SWITCHES = [
  ["slow", "Slow network", "each answer comes 1.5 s late"],
  ["ratelimited", "Too many requests", "429, try again in 2 s"],
  ["lost", "Lost answers", "messages are posted, their answers are lost"],
  ["down", "Slack is down", "503 to every call"],
];
const KINDS = { call: "Call", slash_commands: "Command", interactive: "Interaction", events_api: "Event", refusal: "Refused" };
const FILTERS = [["all", "All"], ["call", "Calls"], ["ack", "Answers"], ["refusal", "Refused"]];
const fits = (line, filter) => filter === "all" || line.kind === filter || (filter === "ack" && !["call", "refusal"].includes(line.kind));

function time(ms) {
  return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

function ack(line) {
  if (line.waiting) return h("span", { class: "dim" }, "waiting…");
  const share = Math.min(1, line.ms / LIMIT);
  const bar = h("span", { class: `ack-bar${share > 0.66 ? " late" : ""}`, "aria-hidden": "true" }, h("span"));
  bar.firstChild.style.width = `${Math.max(2, share * 100)}%`;
  return h("span", { class: "ack" }, bar, h("span", null, `${time(line.ms)} of 3 s`));
}

const json = (value) => h("pre", { class: "json", tabindex: 0 }, typeof value === "string" ? value : JSON.stringify(value, null, 2));

function pretty(body) {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function detail(line) {
  const part = (title, value) => (value === undefined || value === "" || value === null ? null : [h("h4", null, title), json(value)]);
  if ("method" in line) return [part("Arguments", line.args), part("Answer", line.response), line.fault ? part("Fault", line.fault) : null];
  if ("payload" in line) return [part("Sent to the app", line.payload), part("The app answered", pretty(line.body) || "(empty)")];
  return [part("Why", (line.messages ?? []).join("\n")), part("What was sent", line.detail)];
}

function draw(line) {
  const isRefusal = line.kind === "refusal";
  const bad = !line.ok && !line.waiting;
  const body = h("div", { class: "line-detail" });
  const result = isRefusal ? line.error : line.kind === "call" ? (line.ok ? "ok" : line.error) : line.error;
  const row = h("details", { class: `line ${line.kind}${bad ? " bad" : ""}`, data: { seq: line.seq } },
    h("summary", null,
      h("span", { class: "line-kind" }, KINDS[line.kind] ?? line.kind), h("span", { class: "line-what" }, h("bdi", null, line.what)),
      h("span", { class: "line-result" }, bad ? icon("warning", 14) : null, result ? h("span", null, result) : null,
        line.kind === "call" ? h("span", { class: "dim" }, time(line.ms)) : isRefusal ? null : ack(line)),
      isRefusal && line.messages.length ? h("span", { class: "line-why", dir: "auto" }, line.messages.slice(0, 3).join("; ")) : null),
    body);
  row.addEventListener("toggle", async () => {
    if (!row.open || body.childNodes.length) return;
    try {
      fill(body, detail(await api.line(line.seq)));
    } catch (fault) {
      fill(body, h("p", null, fault.message));
    }
  });
  return row;
}

export function panel() {
  const list = h("div", { class: "lines" });
  const lines = new Map();
  let filter = "all";
  let after = 0;
  let open = false;
  let refused = 0;

  const switches = h("div", { class: "switches", role: "group", "aria-label": "Faults" }, SWITCHES.map(([name, words, meaning]) =>
    h("button", { type: "button", role: "switch", class: "switch", "aria-checked": "false", title: meaning, data: { name }, on: { click: () => turn(name) } },
      h("span", { class: "switch-track", "aria-hidden": "true" }), h("span", null, h("span", { class: "switch-name" }, words), h("span", { class: "dim" }, meaning)))));
  const filters = h("div", { class: "filters", role: "group", "aria-label": "Show" }, FILTERS.map(([name, words]) =>
    h("button", { type: "button", class: "filter", "aria-pressed": String(name === filter), data: { name }, on: { click: () => choose(name) } }, words)));
  const empty = h("p", { class: "lines-empty dim" }, "Nothing yet. Whatever the app asks of Slack, and how fast it answers, shows here.");
  const element = h("aside", { class: "side panel", id: "panel", "aria-label": "What Slack would say", hidden: true },
    h("div", { class: "side-head" }, h("h2", null, "What Slack would say"), iconButton(icon("close"), "Close the panel", () => emit("panel", false))), switches, filters, empty, list);
  element.addEventListener("keydown", (event) => event.key === "Escape" && emit("panel", false));

  async function turn(name) {
    app.switches = await api.switch(name, !app.switches[name]);
    showSwitches();
  }

  function showSwitches() {
    for (const button of switches.children) button.setAttribute("aria-checked", String(Boolean(app.switches[button.dataset.name])));
    element.classList.toggle("faulty", Object.values(app.switches).some(Boolean));
  }

  function choose(name) {
    filter = name;
    for (const button of filters.children) button.setAttribute("aria-pressed", String(button.dataset.name === name));
    for (const { line, row } of lines.values()) row.hidden = !fits(line, filter);
  }

  function add(line) {
    const known = lines.get(line.seq);
    const row = draw(line);
    row.hidden = !fits(line, filter);
    if (known) known.row.replaceWith(row);
    else list.prepend(row);
    lines.set(line.seq, { line, row });
    if (lines.size > KEPT) {
      const [oldest] = lines.keys();
      lines.get(oldest).row.remove();
      lines.delete(oldest);
    }
  }

  async function refresh() {
    if (!open) return;
    const fresh = await api.log(after);
    for (const line of fresh) add(line);
    const waiting = [...lines.values()].filter(({ line }) => line.waiting).map(({ line }) => line.seq);
    after = Math.min(...waiting.map((seq) => seq - 1), Math.max(after, ...fresh.map((line) => line.seq)));
    empty.hidden = lines.size > 0;
  }

  const soon = debounce(() => refresh().catch(() => {}), 60);
  on("change", (change) => {
    if (["call", "delivery", "refusal"].includes(change.type)) soon();
    if (change.type === "switches") api.state().then((state) => {
      app.switches = state.switches;
      showSwitches();
    });
    if (change.type === "refusal") emit("refusals", (refused += 1));
  });
  on("shown", showSwitches);
  return {
    element,
    async show(next) {
      open = next;
      element.hidden = !open;
      if (open) {
        emit("refusals", (refused = 0));
        await refresh();
      }
    },
  };
}
