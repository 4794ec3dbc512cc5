// The page: what is where, and what happens when something changes.
import { api } from "./api.js";
import { channelView, setHead } from "./channel.js";
import { post, slash } from "./acts.js";
import { createComposer } from "./composer.js";
import { debounce, h } from "./dom.js";
import { loadEmoji } from "./emoji.js";
import { follow } from "./feed.js";
import { appTabs, homeView } from "./home.js";
import { icon } from "./icons.js";
import { modals } from "./modals.js";
import { notice } from "./notice.js";
import { panel } from "./panel.js";
import { address, placeOf, read } from "./route.js";
import { sidebar } from "./sidebar.js";
import { app, channelName, emit, on, takeState } from "./store.js";
import { threadPane } from "./thread.js";
import { topbar } from "./topbar.js";

const root = document.getElementById("app");

function dropKey() {
  const here = new URL(location.href);
  if (!here.searchParams.has("key")) return;
  here.searchParams.delete("key");
  history.replaceState(null, "", here.pathname + here.search + here.hash);
}

function locked(text) {
  root.removeAttribute("aria-busy");
  root.replaceChildren(h("main", { class: "locked" }, icon("lock", 34), h("h1", null, "This workspace is locked"), h("p", null, text)));
}

function build() {
  const views = { channel: channelView(), thread: threadPane(), home: homeView(), panel: panel(), modals: modals(), sidebar: sidebar() };
  const head = h("div", { class: "main-head" });
  const readOnly = h("p", { class: "read-only", hidden: true });
  const composer = createComposer({
    name: "Message", id: "composer", key: () => `${app.person} ${app.place.id}`,
    placeholder: () => (app.channels.get(app.place.id)?.is_im ? `Message ${app.bot.name}` : `Message #${channelName(app.place.id)}`),
    send: (text) => (text.startsWith("/") ? slash(text, app.place.id) : post(app.place.id, text.trim())),
  });
  const main = h("main", { class: "main" }, head, views.channel.element, views.home.element, composer.element, readOnly);
  const bar = topbar({ onPerson: (id) => go({ person: id, thread: "" }), onMenu: () => emit("menu", !root.classList.contains("menu-open")), onPanel: () => emit("panel", views.panel.element.hidden) });
  root.replaceChildren(bar.element, views.sidebar.element, h("div", { class: "content-area" }, main, views.thread.element, views.panel.element));
  document.querySelector(".content-area").addEventListener("pointerdown", () => emit("menu", false));
  on("menu", (open) => root.classList.toggle("menu-open", open));
  on("panel", (open) => views.panel.show(open));
  on("thread", (ts) => go({ thread: ts }));
  return { ...views, head, composer, readOnly };
}

let page = null;
let shown = "";
let shownThread = "";

/** Change the address; what it means is shown by the listener below. */
function go(next) {
  const target = address(next);
  if (target === location.hash) show();
  else location.hash = target;
}

/** Show what the address says. */
async function show() {
  const wanted = read(location.hash);
  const person = wanted.person;
  if (person !== app.person) {
    app.person = person;
    page.modals.hide();
    const [seen, unread] = await Promise.all([api.person(person), api.unread(person)]);
    if (app.person !== person) return;
    Object.assign(app, { dm: seen.dm, views: seen.views, home: seen.home, unread });
    if (!app.channels.has(app.dm)) takeState(await api.state());
  }
  const place = placeOf(wanted.where || "ops");
  const before = shown;
  Object.assign(app, { place, thread: place.kind === "channel" ? wanted.thread : "" });
  shown = JSON.stringify([person, place]);
  const right = address();
  if (location.hash !== right) history.replaceState(null, "", right);
  document.title = `${place.kind === "home" ? "App Home" : channelName(place.id)} – ${app.team.name}`;
  emit("menu", false);
  await draw(before !== shown);
}

async function draw(moved) {
  const isHome = app.place.kind === "home";
  const isApp = isHome || app.channels.get(app.place.id)?.is_im;
  const silent = isApp && !isHome && app.dmReadOnly;
  setHead(page.head, isApp ? appTabs() : null);
  page.channel.element.hidden = isHome;
  page.home.element.hidden = !isHome;
  page.composer.element.hidden = isHome || silent;
  page.readOnly.hidden = !silent;
  page.readOnly.textContent = "Sending messages to this app has been turned off.";
  emit("shown");
  if (moved) {
    page.composer.refresh();
    page.channel.clear();
    await (isHome ? page.home.open() : page.channel.load());
    if (!document.querySelector("dialog[open]") && !page.composer.element.hidden && !matchMedia("(pointer: coarse)").matches && !app.thread && !["SELECT"].includes(document.activeElement?.tagName)) page.composer.focus();
  }
  await page.thread.load({ focus: app.thread !== shownThread });
  shownThread = app.thread;
  page.modals.sync();
}

/** Load everything again: at the start, and after a lost connection. */
async function load(again) {
  try {
    takeState(await api.state());
  } catch (fault) {
    if (fault.status === 403) return locked("Open the address with the key that was printed when the sandbox was started. A restart makes a new one.");
    return notice(fault.message);
  }
  page ??= build();
  if (again && app.person) {
    const seen = await api.person(app.person);
    Object.assign(app, { views: seen.views, home: seen.home, unread: await api.unread(app.person) });
    shown = "";
  }
  await show();
  root.removeAttribute("aria-busy");
  return undefined;
}

const resync = debounce(() => load(true), 200);
const refreshUnread = debounce(async () => {
  const { person } = app;
  const told = await api.unread(person);
  if (person !== app.person) return;
  // What was read here while the answer was under way stays read.
  for (const [id, known] of Object.entries(app.unread)) if (Number(known.last_read || 0) > Number(told[id]?.last_read || 0)) told[id] = known;
  app.unread = told;
  emit("unread");
}, 60);
const refreshState = debounce(async () => {
  takeState(await api.state());
  emit("channels");
  emit("connection");
}, 60);

function changed(change) {
  if (change.type === "reload") return resync();
  if (!app.person) return undefined;
  if (change.type === "message" && (change.channel !== app.place.id || app.place.kind === "home" || document.hidden) && !change.ephemeral_to) refreshUnread();
  if (["channel", "user", "socket"].includes(change.type)) refreshState();
  if (change.type === "refusal" && /^(views\.|view_|slash command|block_suggestion)/.test(change.where)) {
    notice(`Slack refuses this: ${change.where}, ${change.error}${change.messages.length ? `: ${change.messages[0]}` : ""}`);
  }
  emit("change", change);
  return undefined;
}

dropKey();
on("resync", resync);
addEventListener("hashchange", () => page && show().catch((fault) => notice(fault.message)));
await loadEmoji();
follow(changed, (connected, again) => {
  app.connected = connected;
  if (connected) load(again);
  else if (!page) load(false);
  emit("connection");
});
