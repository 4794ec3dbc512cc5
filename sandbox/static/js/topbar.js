// The bar at the top: the workspace, who one is, the panel.
import { fill, h, iconButton } from "./dom.js";
import { icon } from "./icons.js";
import { avatar } from "./message.js";
import { app, emit, nameOf, on, peopleToBe } from "./store.js";

const cityOf = (tz) => (tz ?? "").split("/").at(-1).replaceAll("_", " ");

function describe(user) {
  if (user.is_stranger) return "another workspace";
  if (user.is_restricted) return "guest";
  if (user.is_email_confirmed === false) return "address not confirmed";
  return cityOf(user.tz);
}

/** @param {{onPerson: (id: string) => void, onMenu: () => void, onPanel: () => void}} listeners */
export function topbar({ onPerson, onMenu, onPanel }) {
  const people = h("select", { id: "you-are", class: "you-are" });
  const picture = h("span", { class: "you-picture" });
  const status = h("span", { class: "status", role: "status" });
  const refused = h("span", { class: "refused-count", hidden: true });
  const name = h("h1", { class: "workspace" });
  const menu = iconButton(icon("menu"), "Channels", onMenu, { class: "icon-button only-narrow", "aria-controls": "sidebar", "aria-expanded": "false" });
  const panel = h("button", { type: "button", class: "panel-button", "aria-expanded": "false", "aria-controls": "panel", "aria-label": "What Slack would say", on: { click: onPanel } }, icon("gauge"), h("span", { class: "panel-label" }, "What Slack would say"), refused);
  const element = h("header", { class: "topbar" }, menu, name, status, h("div", { class: "you" }, picture, h("label", { for: "you-are" }, "You are"), people), panel);

  const option = (user) => h("option", { value: user.id }, `${nameOf(user)} (${describe(user)})`);

  function draw() {
    const { first, others } = peopleToBe();
    fill(people, first.map(option), others.length ? h("optgroup", { label: "Others" }, others.map(option)) : null);
    people.value = app.person;
    name.textContent = app.team.name;
    fill(picture, avatar(app.users.get(app.person), "avatar small"));
    const words = !app.connected ? "Connecting…" : app.botConnected ? "" : "The app is not connected";
    status.textContent = words;
  }

  people.addEventListener("change", () => onPerson(people.value));
  on("shown", draw);
  on("connection", draw);
  on("refusals", (count) => {
    refused.hidden = !count;
    fill(refused, count, h("span", { class: "unseen" }, " refused"));
    panel.setAttribute("aria-label", count ? `What Slack would say, ${count} refused` : "What Slack would say");
  });
  on("panel", (open) => panel.setAttribute("aria-expanded", String(open)));
  on("menu", (open) => menu.setAttribute("aria-expanded", String(open)));
  return { element, draw };
}
