// An input block: label, element, hint and error, tied together for screen readers.
import { h, newId } from "../dom.js";
import { withEmoji } from "../emoji.js";
import { icon } from "../icons.js";
import { choices, picker } from "./pickers.js";
import { fileInput, textInput } from "./inputs.js";
import { select } from "./select.js";
import { words } from "./values.js";

/** The element of an input block. @param {any} names ids and flags */
function control(block, element, ctx, names) {
  const dispatch = block.dispatch_action ? (value) => ctx.select(block, element, value) : null;
  const onChange = async (value) => {
    if (dispatch) {
      await ctx.flush();
      await dispatch(value);
    } else await ctx.enter(block, element, value);
  };
  if (element.type === "radio_buttons" || element.type === "checkboxes") return choices(block, element, ctx, { ...names, onChange });
  if (element.type.endsWith("picker")) return picker(block, element, ctx, { ...names, labelled: true, onChange, immediate: !dispatch });
  if (element.type === "file_input") return fileInput(block, element, ctx, names);
  if (element.type.includes("select")) return select(block, element, ctx, { ...names, labelled: true, onChange, optional: !names.required });
  const typed = async (value) => {
    await ctx.flush();
    await dispatch(value);
  };
  return textInput(block, element, ctx, { ...names, dispatch: dispatch ? typed : null });
}

export function inputBlock(block, ctx) {
  const { element } = block;
  const error = ctx.errors?.[block.block_id];
  const grouped = element.type === "radio_buttons" || element.type === "checkboxes";
  const id = newId("field");
  const labelId = newId("label");
  const hintId = block.hint ? newId("hint") : "";
  const errorId = newId("error");
  const describedBy = [error ? errorId : "", hintId].filter(Boolean).join(" ");
  const made = control(block, element, ctx, { id, labelId, describedBy, invalid: Boolean(error), required: !block.optional });
  const optional = block.optional ? h("span", { class: "optional" }, " (optional)") : null;
  const label = h(grouped ? "div" : "label", { class: "label", id: labelId, for: grouped ? null : id, dir: "auto" }, withEmoji(words(block.label)));
  const settled = (event) => {
    const row = event.currentTarget;
    row.classList.remove("wrong");
    row.querySelector(".error")?.remove();
    for (const one of row.querySelectorAll("[aria-invalid]")) {
      one.removeAttribute("aria-invalid");
      if (hintId) one.setAttribute("aria-describedby", hintId);
      else one.removeAttribute("aria-describedby");
    }
  };
  return h("div", { class: `block input${error ? " wrong" : ""}`, data: { block: block.block_id }, on: error ? { input: settled } : {} },
    h("div", { class: "label-row" }, label, optional), made,
    error ? h("div", { class: "error", id: errorId, dir: "auto" }, icon("warning", 16), h("span", null, error)) : null,
    block.hint ? h("div", { class: "hint", id: hintId, dir: "auto" }, withEmoji(words(block.hint))) : null);
}
