// The messages of the open channel.
import { act } from "./acts.js";
import { api } from "./api.js";
import { debounce, fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { createLog } from "./log.js";
import { avatar } from "./message.js";
import { app, channelName, emit, on } from "./store.js";

const MANY = 20; // changes at once beyond which the newest page is loaded anew

export function channelView() {
  let more = false;
  let loading = false;
  let round = 0;
  const changed = new Set();
  let meanwhile = null; // what has changed while the channel was being loaded
  const log = createLog({ label: "Conversation", onTop: older, onEnd: debounce(markRead, 150) });
  const own = (message) => (message.user === app.person ? { ...message, mine: true } : message);

  function markRead(ts) {
    const mark = app.unread[app.place.id];
    if (document.hidden || app.place.kind !== "channel" || !ts || !mark || Number(mark.last_read || 0) >= Number(ts)) return;
    mark.last_read = ts;
    mark.count = 0;
    emit("unread");
    act("read", { channel: app.place.id, ts }, { quiet: true });
  }

  function intro() {
    const id = app.place.id;
    const isDm = app.channels.get(id)?.is_im;
    const words = isDm
      ? [avatar(app.users.get(app.bot.user_id), "avatar large"), h("h3", null, app.bot.name), h("p", null, "This is the very beginning of your direct messages with the app. What is meant for you alone arrives here.")]
      : [h("span", { class: "intro-icon" }, icon("hash", 30)), h("h3", null, `Welcome to #${channelName(id)}`), h("p", null, "This is the very beginning of the channel. Type / in the box below to see what the app can do.")];
    return h("div", { class: "intro" }, words);
  }

  async function load() {
    const mine = (round += 1);
    const { id } = app.place;
    const from = app.unread[id]?.last_read ?? "";
    const count = app.unread[id]?.count ?? 0;
    const since = (meanwhile = new Set());
    const page = await api.history(id, app.person);
    if (mine !== round) return;
    more = page.has_more;
    changed.clear();
    log.reset(page.messages.map(own), { from: count && from ? from : "", intro: more ? null : intro(), name: `Conversation in ${app.channels.get(id)?.is_im ? "" : "#"}${channelName(id)}` });
    meanwhile = null;
    // What was loaded may be older than these changes.
    for (const ts of since) changed.add(ts);
    if (changed.size) soon();
  }

  async function older() {
    if (!more || loading) return;
    loading = true;
    const mine = round;
    try {
      const page = await api.history(app.place.id, app.person, log.first, 100);
      if (mine !== round) return;
      more = page.has_more;
      log.prepend(page.messages.map(own), more ? null : intro());
    } finally {
      loading = false;
    }
  }

  async function refresh() {
    const wanted = [...changed];
    changed.clear();
    const mine = round;
    const { id } = app.place;
    if (wanted.length > MANY) {
      const page = await api.history(id, app.person, "", Math.min(500, Math.max(60, wanted.length)));
      if (mine === round) log.put(page.messages.map(own));
      return;
    }
    const found = await Promise.all(wanted.map((ts) => api.message(id, ts, app.person).catch(() => ({ ts, gone: true }))));
    if (mine !== round) return;
    for (const message of found) if (message.gone) log.remove(message.ts);
    const here = found.filter((m) => !m.gone && (!m.thread_ts || m.thread_ts === m.ts || m.subtype === "thread_broadcast"));
    if (here.length) log.put(here.map(own));
  }

  const soon = debounce(() => refresh().catch(() => emit("resync")), 15);

  on("change", (change) => {
    if (!change.type.startsWith("message") || app.place.kind !== "channel" || change.channel !== app.place.id) return;
    if (change.ephemeral_to && change.ephemeral_to !== app.person) return;
    const root = change.thread_ts && change.thread_ts !== change.ts ? change.thread_ts : change.ts;
    if (root !== change.ts && !log.has(root)) return;
    if (change.ephemeral_to && root !== change.ts) return;
    if (more && Number(root) < Number(log.first)) return;
    changed.add(root);
    meanwhile?.add(root);
    soon();
  });
  on("said", ({ channel, text }) => {
    if (channel === app.place.id) log.put([{ ts: String(Date.now() / 1000), user: "USLACKBOT", username: "Slackbot", text, channel, ephemeral_to: app.person, local: true }]);
  });
  document.addEventListener("visibilitychange", () => markRead(log.last()));

  return { element: log.frame, load, clear: () => log.clear(), log };
}

/** The words at the top of the main part: where one is. */
export function placeHead(tabs) {
  const { kind, id } = app.place;
  const channel = app.channels.get(id);
  if (kind === "home" || channel?.is_im) {
    return [avatar(app.users.get(app.bot.user_id), "avatar small"), h("h2", null, app.bot.name), h("span", { class: "badge" }, "APP"), tabs];
  }
  const people = channel ? channel.members.length : 0;
  return [h("h2", null, icon(channel?.is_private ? "lock" : "hash", 20), h("bdi", null, channelName(id))), h("span", { class: "head-people", title: `${people} members` }, icon("people", 18), h("span", null, people), h("span", { class: "unseen" }, " members"))];
}

export const setHead = (element, tabs) => fill(element, placeHead(tabs));
