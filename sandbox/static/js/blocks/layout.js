// The blocks that arrange others: section, context, actions, image, container.
import { h, newId } from "../dom.js";
import { withEmoji } from "../emoji.js";
import { icon } from "../icons.js";
import { button, overflow, picture } from "./button.js";
import { textObject } from "./mrkdwn.js";
import { choices, picker } from "./pickers.js";
import { select } from "./select.js";
import { textInput } from "./inputs.js";
import { words } from "./values.js";

/** An element outside of an input block: what is chosen goes to the bot at once. */
function element(block, one, ctx) {
  const onChange = (value) => ctx.select(block, one, value);
  if (one.type === "button") return button(block, one, ctx);
  if (one.type === "image") return picture(one, "accessory-picture");
  if (one.type === "overflow") return overflow(block, one, ctx);
  if (one.type === "radio_buttons" || one.type === "checkboxes") return choices(block, one, ctx, { onChange });
  if (one.type.endsWith("picker")) return picker(block, one, ctx, { id: newId("picker"), onChange, immediate: false });
  if (one.type.includes("select")) return select(block, one, ctx, { onChange });
  return textInput(block, one, ctx, { id: newId("text"), describedBy: "", invalid: false, required: false, dispatch: onChange });
}

export function section(block, ctx) {
  const fields = block.fields ? h("div", { class: "fields" }, block.fields.map((f) => h("div", { class: "field-cell" }, textObject(f, "div")))) : null;
  const accessory = block.accessory ? element(block, block.accessory, ctx) : null;
  return h("div", { class: "block section" },
    h("div", { class: "section-body" }, block.text ? textObject(block.text, "div") : null, fields),
    accessory ? h("div", { class: `accessory ${block.accessory.type}` }, accessory) : null);
}

export const header = (block, ctx) =>
  h(ctx.surface === "message" ? "h3" : "h3", { class: "block header", dir: "auto" }, withEmoji(words(block.text)));

export const context = (block) =>
  h("div", { class: "block context" }, block.elements.map((one) => (one.type === "image" ? picture(one, "context-picture") : textObject(one, "div"))));

export const actions = (block, ctx) => h("div", { class: "block actions" }, block.elements.map((one) => element(block, one, ctx)));

export const divider = () => h("hr", { class: "block divider" });

export function image(block) {
  return h("figure", { class: "block image" },
    block.title ? h("figcaption", { dir: "auto" }, withEmoji(words(block.title))) : null, picture(block, "picture"));
}

/** @param {(blocks: any[], ctx: any) => Node} draw */
export function container(block, ctx, draw) {
  const id = newId("container");
  const body = h("div", { class: "container-body", id }, draw(block.child_blocks, ctx));
  const title = [block.icon ? picture(block.icon, "context-picture") : null, h("span", { class: "container-title" }, h("bdi", null, withEmoji(words(block.title)))),
    block.subtitle ? h("span", { class: "container-subtitle" }, textObject(block.subtitle)) : null];
  const classes = `block container ${block.width ?? "standard"}${block.has_header_divider ? " divided" : ""}`;
  if (!block.is_collapsible) return h("div", { class: classes, role: "group", "aria-label": words(block.title) }, h("div", { class: "container-head" }, title), body);
  const toggle = h("button", { type: "button", class: "container-head", "aria-controls": id, on: { click: () => turn(body.hidden) } }, icon("right", 16), title);
  const turn = (open) => {
    body.hidden = !open;
    toggle.setAttribute("aria-expanded", String(open));
  };
  turn(!block.default_collapsed);
  return h("div", { class: classes }, toggle, body);
}
