// Buttons, images and overflow menus.
import { ask } from "../dialog.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { openMenu, opensMenu } from "../popup.js";
import { app } from "../store.js";
import { withEmoji } from "../emoji.js";
import { isSafe, textObject } from "./mrkdwn.js";
import { words } from "./values.js";

/** A confirm object with its text drawn, it may be mrkdwn. */
export const confirmOf = (element) => (element.confirm ? { ...element.confirm, node: textObject(element.confirm.text, "p") } : null);

/** Keep a control from being used twice while its act is under way. */
export async function busy(control, work) {
  if (control.getAttribute("aria-busy") === "true") return;
  control.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    control.removeAttribute("aria-busy");
  }
}

export function button(block, element, ctx) {
  if (element.visible_to_user_ids && !element.visible_to_user_ids.includes(app.person)) return null;
  const leads = element.url && isSafe(element.url);
  const made = h(leads ? "a" : "button", {
    class: `btn ${element.style === "primary" ? "primary" : element.style === "danger" ? "danger" : ""}`,
    type: leads ? null : "button", href: leads ? element.url : null, target: leads ? "_blank" : null, rel: leads ? "noopener noreferrer" : null,
    "aria-label": element.accessibility_label, data: { key: `${block.block_id} ${element.action_id}` },
  }, h("bdi", null, withEmoji(words(element.text))), leads ? icon("open", 14) : null);
  made.addEventListener("click", async (event) => {
    if (element.confirm) {
      event.preventDefault();
      if (!(await ask(confirmOf(element)))) return;
      if (leads) open(element.url, "_blank", "noopener,noreferrer");
    }
    await busy(made, () => ctx.click(block, element));
  });
  return made;
}

/** A picture of this machine; pictures of other hosts are not fetched: the page shows nothing that it does not serve. */
export function picture(source, className) {
  const url = source.image_url ?? source.slack_file?.url ?? "";
  const own = url.startsWith("data:image/") || url.startsWith(`${location.origin}/`);
  if (own) return h("img", { src: url, alt: source.alt_text, class: className, loading: "lazy" });
  return h("span", { class: `${className} no-picture`, role: "img", "aria-label": source.alt_text, title: `${source.alt_text} (${url || "a file"})` }, icon("image"),
    className === "picture" ? h("span", { class: "picture-words" }, h("bdi", null, source.alt_text)) : null);
}

export function overflow(block, element, ctx) {
  const made = h("button", { type: "button", class: "btn overflow", "aria-label": "More options", title: "More options", ...opensMenu, data: { key: `${block.block_id} ${element.action_id}` } }, icon("more"));
  const choose = async (option) => {
    if (await ask(confirmOf(element))) await busy(made, () => ctx.select(block, element, option));
  };
  made.addEventListener("click", () =>
    openMenu(made, element.options.map((option) => ({
      label: words(option.text), hint: words(option.description), href: option.url && isSafe(option.url) ? option.url : undefined, run: () => choose(option),
    })), { label: "More options" }));
  return made;
}
