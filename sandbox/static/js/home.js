// The App Home.
import { act, contextOf } from "./acts.js";
import { api } from "./api.js";
import { renderBlocks } from "./blocks/index.js";
import { debounce, fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { address } from "./route.js";
import { app, emit, on } from "./store.js";

/** The tabs of the app: its Home, and the direct messages with it. */
export function appTabs() {
  const isHome = app.place.kind === "home";
  const tab = (place, words, here) => h("a", { class: "tab", href: address({ place, thread: "" }), "aria-current": here ? "page" : null }, words);
  return h("nav", { class: "tabs", "aria-label": "App" },
    app.homeEnabled ? tab({ kind: "home", id: "" }, "Home", isHome) : null, tab({ kind: "channel", id: app.dm }, "Messages", !isHome));
}

export function homeView() {
  const element = h("section", { class: "home", "aria-label": "App Home", hidden: true });
  let hash = "";

  function draw() {
    const { home } = app;
    if (home && home.hash === hash) return;
    hash = home?.hash ?? "";
    const key = element.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    const top = element.scrollTop;
    if (home) fill(element, h("div", { class: "home-blocks" }, renderBlocks(home.blocks, contextOf(home.id, "home", home.state?.values))));
    else fill(element, h("div", { class: "intro" }, h("span", { class: "intro-icon" }, icon("home", 30)), h("h3", null, `This is the Home of ${app.bot.name}`), h("p", null, "The app has not published anything here yet.")));
    element.scrollTop = top;
    if (key) [...element.querySelectorAll("[data-key]")].find((e) => e.dataset.key === key)?.focus();
  }

  const refresh = async () => {
    const mine = app.person;
    const seen = await api.person(mine);
    if (mine !== app.person) return;
    app.home = seen.home;
    if (app.place.kind === "home") draw();
  };

  const soon = debounce(() => refresh().catch(() => emit("resync")), 10);
  on("change", (change) => {
    if (change.user === app.person && (change.type === "home" || (change.type === "view_updated" && change.id === app.home?.id))) soon();
  });
  return {
    element,
    /** Come to the tab, as Slack tells the app. */
    async open() {
      hash = "-";
      draw();
      await act("open_home", { tab: "home" }, { quiet: true });
      await refresh();
    },
  };
}
