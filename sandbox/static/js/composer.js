// The message box: Enter sends, Shift+Enter makes a line, / @ # : complete.
import { complete, usageOf } from "./completion.js";
import { fill, h, iconButton, newId } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu, opensMenu, place } from "./popup.js";
import { app } from "./store.js";
import { shortcut } from "./acts.js";

/**
 * @param {{name: string, id: string, placeholder: () => string, key: () => string, send: (text: string) => Promise<any>, inThread?: boolean}} options
 *   `key` says whose draft it is and for where; `send` answers null when nothing was sent
 */
export function createComposer({ name, id, placeholder, key, send, inThread = false }) {
  const listId = newId("completions");
  const box = h("textarea", { id, class: "composer-text", rows: 1, "aria-label": name, dir: "auto", "aria-autocomplete": "list", "aria-haspopup": "listbox" });
  const list = h("div", { class: "popup listbox completions", role: "listbox", id: listId, "aria-label": "Suggestions" });
  const hint = h("div", { class: "usage", "aria-live": "polite" });
  const sendButton = iconButton(icon("send"), inThread ? "Send reply" : "Send now", () => submit(), { class: "icon-button send" });
  const bolt = inThread ? null : iconButton(icon("bolt"), "Shortcuts", () => shortcuts(), opensMenu);
  const frame = h("div", { class: "composer-frame" }, box, h("div", { class: "composer-bar" }, bolt, h("span", { class: "composer-hint" }, h("kbd", null, "Enter"), " sends, ", h("kbd", null, "Shift+Enter"), " adds a line"), sendButton));
  const element = h("form", { class: "composer", on: { submit: (event) => event.preventDefault() } }, hint, frame);
  let offer = null;
  let at = 0;

  function shortcuts() {
    const own = app.shortcuts.filter((s) => s.type === "global");
    openMenu(bolt, own.map((s) => ({ label: s.name, hint: s.description || app.bot.name, run: () => shortcut(s.callback_id) })), { label: "Shortcuts", align: "left", above: true });
  }

  function hide() {
    offer = null;
    list.remove();
    box.removeAttribute("aria-activedescendant");
    box.removeAttribute("aria-controls");
  }

  function show() {
    offer = box.selectionStart === box.selectionEnd ? complete(box.value.slice(0, box.selectionStart), inThread) : null;
    if (!offer) return hide();
    fill(list, h("div", { class: "option-group", role: "presentation" }, offer.title), offer.entries.map((entry, index) =>
      h("div", { role: "option", id: `${listId}-${index}`, class: "option", "aria-selected": "false", on: { mousedown: (event) => event.preventDefault(), click: () => take(entry), mousemove: () => mark(index) } },
        h("span", { class: "option-picture" }, entry.picture),
        h("span", { class: "option-label" }, h("strong", null, h("bdi", null, entry.label)), entry.hint ? h("span", { class: "option-usage" }, entry.hint) : null, entry.detail ? h("span", { class: "option-hint" }, entry.detail) : null))));
    document.body.append(list);
    box.setAttribute("aria-controls", listId);
    mark(0);
    place(list, frame, { above: true, match: true });
    return undefined;
  }

  function mark(index) {
    at = index;
    offer.entries.forEach((_, i) => {
      const row = document.getElementById(`${listId}-${i}`);
      row?.classList.toggle("active", i === index);
      row?.setAttribute("aria-selected", String(i === index));
    });
    box.setAttribute("aria-activedescendant", `${listId}-${index}`);
    document.getElementById(`${listId}-${index}`)?.scrollIntoView({ block: "nearest" });
  }

  function take(entry) {
    const end = box.selectionStart;
    box.setRangeText(entry.insert ?? "", offer.from, end, "end");
    hide();
    typed();
    entry.run?.();
    box.focus();
  }

  function grow() {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 240)}px`;
  }

  /** Everything that follows from a change of the text. */
  function typed() {
    grow();
    sendButton.disabled = !box.value.trim();
    const usage = inThread ? null : usageOf(box.value);
    fill(hint, usage ? [h("strong", null, usage.command), " ", usage.usage_hint ?? ""] : null);
    if (box.value) sessionStorage.setItem(`draft ${key()}`, box.value);
    else sessionStorage.removeItem(`draft ${key()}`);
  }

  function setText(text) {
    box.value = text;
    typed();
  }

  async function submit() {
    const text = box.value;
    if (!text.trim()) return;
    hide();
    setText("");
    const outcome = await send(text);
    if (outcome === null && !box.value) setText(text);
  }

  function pressed(event) {
    if (event.isComposing) return;
    if (offer && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      mark((at + (event.key === "ArrowDown" ? 1 : offer.entries.length - 1)) % offer.entries.length);
    } else if (offer && event.key === "Escape") {
      event.preventDefault();
      hide();
    } else if (offer && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      take(offer.entries[at]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (offer && !offer.entries[at].exact && !(at === 0 && offer.entries.some((entry) => entry.exact))) take(offer.entries[at]);
      else submit();
    }
  }

  box.addEventListener("input", () => {
    typed();
    show();
  });
  box.addEventListener("keydown", pressed);
  box.addEventListener("blur", () => setTimeout(hide, 100));
  box.addEventListener("click", show);
  return {
    element,
    focus: () => box.focus(),
    /** Another person, or another place: their own draft. */
    refresh() {
      hide();
      box.placeholder = placeholder();
      setText(sessionStorage.getItem(`draft ${key()}`) ?? "");
    },
  };
}
