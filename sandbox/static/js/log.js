// A list of messages that grows at both ends: of a channel, or of a thread. What did not change is not drawn again.
import { createChunks } from "./chunks.js";
import { dayOfTs, dividerOf } from "./dates.js";
import { h } from "./dom.js";
import { continues, drawMessage } from "./message.js";

const NEAR = 80; // pixels from the end that still count as the end
const seconds = (ts) => Number(ts);

/** @param {{label: string, inThread?: boolean, onTop?: () => void, onEnd?: (ts: string) => void}} options */
export function createLog({ label, inThread = false, onTop, onEnd }) {
  const list = h("div", { class: "log", role: "log", "aria-label": label, "aria-live": "polite", "aria-relevant": "additions", tabindex: 0 });
  const jump = h("button", { type: "button", class: "jump", hidden: true, on: { click: () => toEnd() } }, "Jump to the newest messages");
  const frame = h("div", { class: "log-frame" }, list, jump);
  /** @type {Map<string, any>} */
  let messages = new Map();
  let drawn = new Map();
  const chunks = createChunks();
  let newFrom = "";
  let opening = null;

  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
  const last = () => [...messages.values()].findLast((m) => !m.local)?.ts ?? "";

  function toEnd() {
    list.scrollTop = list.scrollHeight;
    requestAnimationFrame(() => {
      list.scrollTop = list.scrollHeight;
    });
    jump.hidden = true;
  }

  /** What stands in the list, in order: [key, how to draw it, the message it belongs to]. */
  function rows() {
    const out = [];
    let before = null;
    let marked = false;
    for (const message of messages.values()) {
      const day = dayOfTs(message.ts);
      const newDay = !before || dayOfTs(before.ts) !== day;
      const isNew = newFrom && !marked && seconds(message.ts) > seconds(newFrom) && !message.ephemeral_to && !message.mine;
      if (newDay && !(inThread && before)) out.push([`day ${day}`, () => divider(dividerOf(message.ts), "day"), message.ts]);
      if (isNew && before) out.push(["new", () => divider("New", "new"), message.ts]);
      marked ||= isNew;
      const compact = !newDay && !isNew && continues(before, message) && !(inThread && out.length < 4);
      out.push([`${message.ts} ${compact} ${JSON.stringify(message)}`, () => drawMessage(message, { compact, inThread }), message.ts]);
      if (inThread && !before && message.reply_count) out.push([`count ${message.reply_count}`, () => divider(`${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`, "replies-line"), message.ts]);
      before = message;
    }
    return out;
  }

  const divider = (text, kind) => h("div", { class: `divider-row ${kind}`, role: "separator", "aria-label": text }, h("span", { "aria-hidden": "true" }, text));

  /** Draw what changed; the place on the screen and the focus stay. */
  function draw({ end = atEnd() } = {}) {
    const wanted = rows();
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const focusedTs = focused?.closest(".message")?.dataset.ts;
    const focusedKey = focused?.dataset.key;
    const next = new Map();
    for (const [key, make] of wanted) next.set(key, drawn.get(key) ?? make());
    chunks.place(wanted.map(([key, , ts]) => ({ ts, node: next.get(key) })), list, opening);
    drawn = next;
    if (end) toEnd();
    if (focused && !focused.isConnected) refocus(focusedTs, focusedKey);
  }

  function refocus(ts, key) {
    const row = list.querySelector(`.message[data-ts="${ts}"]`);
    const same = key && [...(row?.querySelectorAll("[data-key]") ?? [])].find((e) => e.dataset.key === key);
    (same || row || list).focus({ preventScroll: true });
  }

  function ordered(values) {
    return new Map(values.sort((a, b) => seconds(a.ts) - seconds(b.ts)).map((m) => [m.ts, m]));
  }

  const quiet = (work) => {
    list.setAttribute("aria-busy", "true");
    work();
    requestAnimationFrame(() => list.removeAttribute("aria-busy"));
  };

  function walk(event) {
    const rowsNow = [...list.querySelectorAll(".message")];
    const at = rowsNow.indexOf(document.activeElement);
    if (event.target !== list && at < 0) return;
    const moves = { ArrowUp: at < 0 ? rowsNow.length - 1 : Math.max(0, at - 1), ArrowDown: at < 0 ? rowsNow.length - 1 : Math.min(rowsNow.length - 1, at + 1), Home: 0, End: rowsNow.length - 1 };
    if (!(event.key in moves) || !rowsNow.length) return;
    event.preventDefault();
    rowsNow[moves[event.key]].focus();
    rowsNow[moves[event.key]].scrollIntoView({ block: "nearest" });
  }

  list.addEventListener("keydown", walk);
  list.addEventListener("scroll", () => {
    if (list.scrollTop < 400) onTop?.();
    if (atEnd()) {
      jump.hidden = true;
      onEnd?.(last());
    }
  }, { passive: true });
  new ResizeObserver(() => jump.hidden && list.dataset.follow === "true" && toEnd()).observe(list);
  list.addEventListener("scroll", () => {
    list.dataset.follow = String(atEnd());
  }, { passive: true });
  list.dataset.follow = "true";

  return {
    frame,
    list,
    last,
    get first() {
      return [...messages.keys()][0] ?? "";
    },
    get size() {
      return messages.size;
    },
    /** Show these messages and no others; `from` is the last one read, the next is marked as new. */
    reset(all, { from = "", intro = null, name = label } = {}) {
      quiet(() => {
        list.setAttribute("aria-label", name);
        messages = ordered([...all, ...[...messages.values()].filter((m) => m.local && m.channel === all[0]?.channel)]);
        newFrom = from;
        if (opening !== intro) {
          opening?.remove();
          opening = intro;
          if (intro) list.prepend(intro);
        }
        draw({ end: true });
      });
      onEnd?.(last());
    },
    /** Older ones, above. */
    prepend(older, intro = null) {
      quiet(() => {
        // The browser keeps the place on the screen by itself, but not at the very top, where this is done.
        list.style.overflowAnchor = "none";
        const stays = list.querySelector(".message");
        const before = stays?.getBoundingClientRect().bottom ?? 0;
        messages = ordered([...older, ...messages.values()]);
        opening?.remove();
        opening = intro;
        if (intro) list.prepend(intro);
        draw({ end: false });
        const same = stays && list.querySelector(`.message[data-ts="${stays.dataset.ts}"]`);
        if (same) list.scrollTop += same.getBoundingClientRect().bottom - before;
        requestAnimationFrame(() => {
          list.style.overflowAnchor = "";
        });
      });
    },
    /** New ones, or changed ones. */
    put(some) {
      const end = atEnd();
      const own = some.some((m) => m.mine || m.ephemeral_to);
      const more = some.some((m) => !messages.has(m.ts));
      messages = ordered([...new Map([...messages.values(), ...some].map((m) => [m.ts, m])).values()]);
      draw({ end: end || own });
      if (more && !end && !own) jump.hidden = false;
      if (atEnd() || own) onEnd?.(last());
    },
    remove(ts) {
      messages.delete(ts);
      draw();
    },
    clear() {
      messages = new Map();
      opening?.remove();
      opening = null;
      draw();
    },
    has: (ts) => messages.has(ts),
  };
}
