// The sidebar: channels, direct messages, the app's Home.
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { avatar } from "./message.js";
import { address } from "./route.js";
import { app, myChannels, on } from "./store.js";

export function sidebar() {
  const element = h("nav", { class: "sidebar", "aria-label": "Channels and direct messages", id: "sidebar" });

  function row(place, picture, name, { unread = 0, badge = false, extra = null } = {}) {
    const here = app.place.kind === place.kind && app.place.id === place.id;
    const spoken = unread ? h("span", { class: "unseen" }, ` (${unread} unread)`) : null;
    return h("li", null, h("a", { href: address({ place, thread: "" }), class: `row${here ? " here" : ""}${unread ? " unread" : ""}`, "aria-current": here ? "page" : null },
      h("span", { class: "row-icon" }, picture), h("bdi", { class: "row-name" }, name), extra, spoken, unread && badge ? h("span", { class: "unread-count", "aria-hidden": "true" }, unread > 99 ? "99+" : unread) : null));
  }

  const group = (title, rows) => [h("h2", { class: "sidebar-title" }, title), h("ul", null, rows)];

  function draw() {
    const focused = element.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const channels = myChannels().map((c) => row({ kind: "channel", id: c.id }, icon(c.is_private ? "lock" : "hash"), c.name, { unread: app.unread[c.id]?.count ?? 0 }));
    const bot = app.users.get(app.bot.user_id);
    const dm = row({ kind: "channel", id: app.dm }, avatar(bot, "avatar tiny"), app.bot.name, { unread: app.unread[app.dm]?.count ?? 0, badge: true, extra: h("span", { class: "badge" }, "APP") });
    const home = app.homeEnabled ? group("Apps", [row({ kind: "home", id: "" }, icon("home"), "App Home")]) : [];
    fill(element, group("Channels", channels), group("Direct messages", [dm]), home);
    if (focused) [...element.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused)?.focus();
  }

  on("shown", draw);
  on("unread", draw);
  on("channels", draw);
  return { element, draw };
}
