// A thread in the side pane.
import { post } from "./acts.js";
import { api } from "./api.js";
import { createComposer } from "./composer.js";
import { debounce, fill, h, iconButton } from "./dom.js";
import { icon } from "./icons.js";
import { createLog } from "./log.js";
import { app, channelName, emit, on } from "./store.js";

export function threadPane() {
  const log = createLog({ label: "Thread", inThread: true });
  const where = h("span", { class: "dim" });
  const composer = createComposer({
    name: "Reply", id: "reply", placeholder: () => "Reply…", key: () => `${app.person} ${app.place.id} ${app.thread}`, inThread: true,
    send: (text) => post(app.place.id, text, app.thread),
  });
  const close = iconButton(icon("close"), "Close the thread", () => emit("thread", ""));
  const element = h("aside", { class: "side thread", "aria-label": "Thread", hidden: true },
    h("div", { class: "side-head" }, h("h2", null, "Thread"), where, close), log.frame, composer.element);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) emit("thread", "");
  });
  let round = 0;

  async function load({ focus = false } = {}) {
    const mine = (round += 1);
    element.hidden = !app.thread;
    if (!app.thread) return;
    fill(where, app.channels.get(app.place.id)?.is_im ? app.bot.name : `#${channelName(app.place.id)}`);
    try {
      const page = await api.replies(app.place.id, app.thread, app.person);
      if (mine !== round) return;
      log.reset(page.messages.map((m) => (m.user === app.person ? { ...m, mine: true } : m)));
      composer.refresh();
      if (focus) composer.focus();
    } catch {
      emit("thread", "");
    }
  }

  const soon = debounce(() => load(), 20);
  on("change", (change) => {
    if (!app.thread || !change.type.startsWith("message") || change.channel !== app.place.id) return;
    if (change.thread_ts === app.thread || change.ts === app.thread) soon();
  });
  return { element, load };
}
