// Select menus, single and multiple: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ with a list of options.
import { ask } from "../dialog.js";
import { fill, h, newId } from "../dom.js";
import { icon } from "../icons.js";
import { closeOutside, layerOf, place } from "../popup.js";
import { confirmOf } from "./button.js";
import { choiceOf, least, search } from "./sources.js";
import { nameOf, valueOf, words } from "./values.js";

/** @param {{id?: string, describedBy?: string, optional?: boolean, onChange: (value: any) => any}} options */
export function select(block, element, ctx, { id = newId("select"), describedBy = "", optional = false, onChange, labelled = false }) {
  const multiple = element.type.startsWith("multi_");
  const start = valueOf(block, element, ctx);
  let chosen = (multiple ? (start ?? []) : start ? [start] : []).map((value) => choiceOf(element, value));
  const listId = newId("list");
  const name = nameOf(block, element, "Select an option");
  const input = h("input", {
    id, type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-autocomplete": "list", "aria-expanded": "false", "aria-haspopup": "listbox",
    "aria-controls": listId, "aria-label": labelled ? null : name, "aria-describedby": describedBy || null, placeholder: words(element.placeholder) || "Select an option",
    data: { key: `${block.block_id} ${element.action_id}` }, dir: "auto",
  });
  const chips = h("span", { class: "chips" });
  const clear = h("button", { type: "button", class: "select-clear", "aria-label": "Clear selection", on: { click: () => choose(null) } }, icon("close", 14));
  const box = h("span", { class: `select${multiple ? " multiple" : ""}` }, chips, input, clear, h("span", { class: "select-arrow" }, icon("down", 16)));
  const list = h("div", { class: "popup listbox", role: "listbox", id: listId, "aria-label": "Options", "aria-multiselectable": multiple ? "true" : null });
  let rows = [];
  let at = -1;
  let asked = 0;
  let stop = null;
  let timer = 0;
  let searching = Promise.resolve(); // what Enter waits for: a choice is made from what was typed

  const isOpen = () => input.getAttribute("aria-expanded") === "true";
  const has = (key) => chosen.some((c) => c.key === key);

  function show() {
    if (!multiple) input.value = chosen[0]?.label ?? "";
    else {
      input.value = "";
      fill(chips, chosen.map((c) => h("span", { class: "chip" }, h("bdi", null, c.label),
        h("button", { type: "button", "aria-label": `Remove ${c.label}`, on: { click: () => choose(c) } }, icon("close", 12)))));
    }
    clear.hidden = multiple || !chosen.length || !optional;
  }

  async function choose(choice) {
    const before = chosen;
    clearTimeout(timer);
    if (multiple && choice) {
      const full = chosen.length >= (element.max_selected_items ?? Number.POSITIVE_INFINITY);
      chosen = has(choice.key) ? chosen.filter((c) => c.key !== choice.key) : full ? chosen : [...chosen, choice];
    } else chosen = choice ? [choice] : [];
    if (!multiple) close();
    show();
    if (multiple && isOpen()) await look("");
    input.focus();
    if (element.confirm && !(await ask(confirmOf(element)))) {
      chosen = before;
      show();
      return;
    }
    await onChange(multiple ? chosen.map((c) => c.value) : (chosen[0]?.value ?? null));
  }

  function option(choice) {
    return h("div", { role: "option", id: newId("option"), class: "option", "aria-selected": String(has(choice.key)), on: {
      mousedown: (event) => event.preventDefault(), click: () => choose(choice), mousemove: () => mark(rows.findIndex((r) => r.choice === choice), false) } },
      h("span", { class: "option-label" }, h("bdi", null, choice.label)), choice.hint ? h("span", { class: "option-hint" }, h("bdi", null, choice.hint)) : null, has(choice.key) ? icon("check", 16) : null);
  }

  async function look(query) {
    const round = (asked += 1);
    if (query.length < least(element)) return say(`Type ${least(element) === 1 ? "a character" : `${least(element)} characters`} to search`);
    if (element.type.includes("external") && !rows.length) say("Loading…");
    const groups = await search(block, element, ctx, query);
    if (round !== asked || !isOpen()) return undefined;
    rows = [];
    const draw = (choice) => {
      const node = option(choice);
      rows.push({ node, choice });
      return node;
    };
    const drawn = groups.map((g) => {
      const id2 = newId("group");
      return g.label ? h("div", { role: "group", "aria-labelledby": id2 }, h("div", { id: id2, class: "option-group" }, g.label), g.choices.map(draw)) : g.choices.map(draw);
    });
    if (!rows.length) return say("No results");
    fill(list, drawn);
    mark(best(query));
    place(list, box, { match: true });
    return undefined;
  }

  /** The row that is meant: the chosen one, else the first with what was typed in its words, else the first. */
  function best(query) {
    const typed = query.trim().toLowerCase();
    const first = (test) => rows.findIndex((r) => test(r.choice.label.toLowerCase(), r.choice.key));
    const found = typed ? [first((label) => label.startsWith(typed)), first((label) => label.includes(typed))] : [first((_, key) => has(key))];
    return found.find((index) => index >= 0) ?? 0;
  }

  function say(text) {
    rows = [];
    fill(list, h("div", { class: "option-note", role: "option", "aria-disabled": "true", "aria-selected": "false" }, text));
    input.removeAttribute("aria-activedescendant");
    place(list, box, { match: true });
  }

  function mark(next, scroll = true) {
    rows[at]?.node.classList.remove("active");
    at = next;
    const row = rows[at];
    if (!row) return;
    row.node.classList.add("active");
    input.setAttribute("aria-activedescendant", row.node.id);
    if (scroll) row.node.scrollIntoView({ block: "nearest" });
  }

  function open(query = "") {
    if (!isOpen()) {
      layerOf(box).append(list);
      input.setAttribute("aria-expanded", "true");
      stop = closeOutside(list, box, leave);
    }
    searching = look(query);
    return searching;
  }

  function close() {
    if (!isOpen()) return;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    stop();
    list.remove();
    rows = [];
    at = -1;
  }

  function leave() {
    close();
    show();
  }

  function key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (!isOpen()) open();
      else searching.then(() => rows.length && mark((at + step + rows.length) % rows.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (isOpen() || input.value !== (chosen[0]?.label ?? "")) searching.then(() => rows[at] && choose(rows[at].choice));
      else open();
    } else if (event.key === "Escape" && isOpen()) {
      event.preventDefault();
      event.stopPropagation();
      leave();
    } else if (event.key === "Backspace" && multiple && !input.value && chosen.length) choose(chosen.at(-1));
    else if ((event.key === "Home" || event.key === "End") && isOpen() && rows.length && !input.value) {
      event.preventDefault();
      mark(event.key === "Home" ? 0 : rows.length - 1);
    }
  }

  input.addEventListener("keydown", key);
  input.addEventListener("click", () => {
    if (isOpen()) return;
    input.select();
    open();
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    rows[at]?.node.classList.remove("active");
    at = -1;
    input.removeAttribute("aria-activedescendant");
    searching = new Promise((resolve) => {
      timer = setTimeout(() => resolve(open(input.value)), element.type.includes("external") ? 120 : 0);
    });
  });
  input.addEventListener("blur", () => setTimeout(() => !box.contains(document.activeElement) && leave()));
  box.addEventListener("click", (event) => event.target === box || event.target.closest(".select-arrow") ? input.focus() || (isOpen() || open()) : null);
  show();
  return box;
}
