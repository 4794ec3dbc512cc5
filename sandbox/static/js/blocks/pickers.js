// Dates, times, radio buttons and checkboxes.
import { ask } from "../dialog.js";
import { epochOf, localText } from "../dates.js";
import { h, newId } from "../dom.js";
import { textObject } from "./mrkdwn.js";
import { confirmOf } from "./button.js";
import { nameOf, valueOf } from "./values.js";

const KINDS = {
  datepicker: { type: "date", name: "Select a date", show: (v) => v ?? "", read: (text) => text || null },
  timepicker: { type: "time", name: "Select a time", show: (v) => v ?? "", read: (text) => text || null },
  datetimepicker: {
    type: "datetime-local", name: "Select a date and time", show: (v) => (v ? localText(new Date(v * 1000)) : ""), read: (text) => (text ? epochOf(text) : null),
  },
};
const FIRST_YEAR = 1900; // a year half typed is below it

/** A date, a time, or both in the person's zone. */
export function picker(block, element, ctx, { id, describedBy = "", invalid = false, required = false, labelled = false, onChange, immediate }) {
  const kind = KINDS[element.type];
  const made = h("input", {
    id, type: kind.type, class: "field picker", "aria-label": labelled ? null : nameOf(block, element, kind.name), "aria-describedby": describedBy || null,
    "aria-invalid": invalid ? "true" : null, "aria-required": required ? "true" : null, data: { key: `${block.block_id} ${element.action_id}` }, autofocus: element.focus_on_load || null,
  });
  made.value = kind.show(valueOf(block, element, ctx));
  let told = made.value;
  const whole = () => !made.value.includes("-") || Number(made.value.slice(0, 4)) >= FIRST_YEAR;
  const tell = async () => {
    if (made.value === told || !whole()) return;
    const before = told;
    told = made.value;
    if (await ask(confirmOf(element))) await onChange(kind.read(made.value));
    else made.value = told = before;
  };
  if (immediate) {
    made.addEventListener("input", () => whole() && onChange(kind.read(made.value)));
    return made;
  }
  let timer = 0;
  made.addEventListener("change", () => {
    clearTimeout(timer);
    timer = setTimeout(tell, 600);
  });
  made.addEventListener("blur", tell);
  made.addEventListener("keydown", (event) => event.key === "Enter" && tell());
  return made;
}

/** Radio buttons and checkboxes; `name` is the id of the label, or a text. */
export function choices(block, element, ctx, { labelId = "", describedBy = "", invalid = false, required = false, onChange }) {
  const single = element.type === "radio_buttons";
  const start = valueOf(block, element, ctx);
  const kept = new Set((single ? [start] : (start ?? [])).filter(Boolean).map((option) => option.value));
  const group = newId("choice");
  const boxes = element.options.map((option) => {
    const id = newId("option");
    const described = option.description ? newId("description") : null;
    const box = h("input", { type: single ? "radio" : "checkbox", name: group, id, "aria-describedby": described, data: { key: `${block.block_id} ${element.action_id} ${option.value}` } });
    box.checked = kept.has(option.value);
    box.addEventListener("change", tell);
    return { box, option, row: h("div", { class: "choice" }, box, h("label", { for: id }, textObject(option.text)), described ? h("div", { id: described, class: "hint" }, textObject(option.description)) : null) };
  });
  async function tell() {
    const picked = boxes.filter(({ box }) => box.checked).map(({ option }) => option);
    if (element.confirm && !(await ask(confirmOf(element)))) {
      for (const { box, option } of boxes) box.checked = kept.has(option.value);
      return;
    }
    kept.clear();
    for (const option of picked) kept.add(option.value);
    await onChange(single ? (picked[0] ?? null) : picked);
  }
  return h("div", {
    class: "choices", role: single ? "radiogroup" : "group", "aria-labelledby": labelId || null, "aria-label": labelId ? null : nameOf(block, element, single ? "Choose one" : "Choose"),
    "aria-describedby": describedBy || null, "aria-invalid": invalid && single ? "true" : null, "aria-required": required && single ? "true" : null,
  }, boxes.map(({ row }) => row));
}
