// What is typed: text, numbers, addresses, files.
import { api } from "../api.js";
import { debounce, fill, h } from "../dom.js";
import { size } from "../dates.js";
import { icon } from "../icons.js";
import { notice } from "../notice.js";
import { app } from "../store.js";
import { valueOf, words } from "./values.js";

const TYPES = {
  plain_text_input: { type: "text" },
  email_text_input: { type: "email", autocomplete: "off" },
  url_text_input: { type: "url", autocomplete: "off" },
  number_input: { type: "text", inputmode: "decimal", autocomplete: "off" },
};

/** @param {{id: string, describedBy: string, invalid: boolean, required: boolean, dispatch: null | ((value: any) => any)}} field */
export function textInput(block, element, ctx, { id, describedBy, invalid, required, dispatch }) {
  const shared = {
    id, dir: "auto", placeholder: words(element.placeholder) || null, "aria-describedby": describedBy || null, "aria-invalid": invalid ? "true" : null,
    "aria-required": required ? "true" : null, data: { key: `${block.block_id} ${element.action_id}` }, autofocus: element.focus_on_load || null,
  };
  const value = valueOf(block, element, ctx) ?? "";
  const made = element.multiline
    ? h("textarea", { ...shared, rows: 4, class: "field" })
    : h("input", { ...shared, ...TYPES[element.type], class: "field" });
  made.value = value;
  const tell = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const soon = debounce(() => dispatch?.(made.value || null), 400);
  made.addEventListener("input", () => {
    if (ctx.surface !== "message") ctx.enter(block, element, made.value || null);
    if (dispatch && tell.includes("on_character_entered")) soon();
  });
  if (ctx.surface === "message") made.addEventListener("change", () => ctx.enter(block, element, made.value || null));
  made.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter" || element.multiline || event.isComposing || !dispatch || !tell.includes("on_enter_pressed")) return;
    event.preventDefault();
    event.stopPropagation();
    await dispatch(made.value || null);
  });
  const most = element.max_length;
  if (!most) return made;
  const left = h("span", { class: "count", "aria-hidden": "true" });
  const count = () => {
    left.textContent = String(most - made.value.length);
    left.classList.toggle("over", made.value.length > most);
  };
  made.addEventListener("input", count);
  count();
  return h("span", { class: "counted" }, made, left);
}

/** Files go to the sandbox when they are chosen; the bot hears of them with the form. */
export function fileInput(block, element, ctx, { id, describedBy, invalid }) {
  let files = valueOf(block, element, ctx) ?? [];
  const most = element.max_files ?? 10;
  const list = h("ul", { class: "file-list" });
  const input = h("input", {
    id, type: "file", multiple: most > 1 || null, class: "file-field", "aria-describedby": describedBy || null, "aria-invalid": invalid ? "true" : null,
    accept: element.filetypes ? element.filetypes.map((t) => `.${t}`).join(",") : null, data: { key: `${block.block_id} ${element.action_id}` },
  });
  const show = () =>
    fill(list, files.map((file) => h("li", null, icon("file"), h("bdi", null, file.name), h("span", { class: "dim" }, size(file.size)),
      h("button", { type: "button", class: "icon-button", "aria-label": `Remove ${file.name}`, on: { click: () => keep(files.filter((f) => f.id !== file.id)) } }, icon("close", 14)))));
  const keep = (next) => {
    files = next;
    show();
    ctx.enter(block, element, files);
  };
  input.addEventListener("change", async () => {
    const form = new FormData();
    for (const file of [...input.files].slice(0, most - files.length)) form.append("file", file, file.name);
    input.value = "";
    try {
      keep([...files, ...(await api.upload(app.person, form))]);
    } catch (fault) {
      notice(fault.message);
    }
  });
  show();
  return h("div", { class: "file-input" }, input, list);
}
