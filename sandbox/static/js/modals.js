// The stack of modals: the server keeps it, the page shows the one on top.
import { act, contextOf } from "./acts.js";
import { api } from "./api.js";
import { renderBlocks } from "./blocks/index.js";
import { words } from "./blocks/values.js";
import { openDialog } from "./dialog.js";
import { debounce, fill, h, iconButton } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { icon } from "./icons.js";
import { avatar } from "./message.js";
import { app, emit, on } from "./store.js";

export function modals() {
  let shown = null; // {dialog, key, view, ctx}
  const clientErrors = new Map();
  let round = 0;
  let submitted = false; // the next errors that are drawn get the focus

  const errorsOf = (view) => ({ ...view.errors, ...clientErrors.get(view.id) });
  const keyOf = (view) => JSON.stringify([view.id, view.hash, errorsOf(view), view.trouble, app.views.length]);

  async function refresh() {
    const mine = (round += 1);
    const { person } = app;
    const seen = await api.person(person);
    if (mine !== round || person !== app.person) return;
    app.views = seen.views;
    sync();
  }

  /** Make the screen show what `app.views` says. */
  function sync() {
    const view = app.views.at(-1);
    if (!view) return hide();
    if (shown?.key === keyOf(view)) return undefined;
    return draw(view);
  }

  function hide() {
    shown?.dialog.close();
    shown = null;
    clientErrors.clear();
  }

  async function close(view, everything = false) {
    await shown?.ctx.flush();
    clientErrors.delete(view.id);
    await act("close", { view: view.id, everything });
    await refresh();
  }

  async function submit(view, button) {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    clientErrors.delete(view.id);
    submitted = true;
    await shown.ctx.flush();
    const result = await act("submit", { view: view.id });
    if (result && !result.sent) clientErrors.set(view.id, result.errors);
    button.removeAttribute("aria-busy");
    await refresh();
    if (result && Object.keys(result.errors).length) focusError();
  }

  function focusError() {
    if (!submitted) return;
    const wrong = shown?.dialog.element.querySelector("[aria-invalid=true], .wrong input, .wrong textarea");
    submitted = !wrong;
    wrong?.focus();
  }

  function parts(view, ctx) {
    const send = h("button", { type: "submit", class: "btn primary solid", form: `form-${view.id}` }, h("bdi", null, withEmoji(words(view.submit) || "Submit")));
    const cancel = h("button", { type: "button", class: "btn", on: { click: () => close(view) } }, h("bdi", null, withEmoji(words(view.close) || (app.views.length > 1 ? "Back" : "Close"))));
    const hasInput = view.blocks.some((block) => block.type === "input");
    const form = h("form", { id: `form-${view.id}`, novalidate: true, class: "view", on: { submit: (event) => {
      event.preventDefault();
      submit(view, send);
    } } },
      view.trouble ? h("div", { class: "trouble", role: "alert" }, icon("warning"), view.trouble) : null, renderBlocks(view.blocks, ctx));
    return { form, footer: hasInput || view.submit ? [cancel, send] : [cancel] };
  }

  function draw(view) {
    const same = shown?.view.id === view.id;
    const ctx = contextOf(view.id, "modal", view.state?.values, errorsOf(view));
    const { form, footer } = parts(view, ctx);
    const back = app.views.length > 1 ? iconButton(icon("back"), "Back", () => close(view)) : null;
    const cross = iconButton(icon("close"), "Dismiss", () => close(view, app.views.length > 1), { class: "icon-button dialog-close" });
    if (!shown) {
      const dialog = openDialog({ title: words(view.title), body: form, footer, extra: cross, className: "modal", onEscape: () => shown && close(shown.view) });
      dialog.element.querySelector(".dialog-head").prepend(avatar(app.users.get(app.bot.user_id)));
      shown = { dialog };
    } else {
      const { element } = shown.dialog;
      const active = document.activeElement;
      const kept = same ? { key: active?.dataset?.key, from: active?.selectionStart, to: active?.selectionEnd, top: element.querySelector(".dialog-body").scrollTop } : null;
      fill(element.querySelector(".dialog-title"), words(view.title));
      element.querySelector(".dialog-close").replaceWith(cross);
      fill(element.querySelector(".dialog-body"), form);
      fill(element.querySelector(".dialog-foot"), footer);
      if (kept) restore(element, kept);
    }
    const { element } = shown.dialog;
    element.querySelector(".dialog-back")?.remove();
    if (back) {
      back.classList.add("dialog-back");
      element.querySelector(".dialog-head").prepend(back);
    }
    Object.assign(shown, { key: keyOf(view), view, ctx });
    if (!same) focusFirst(element);
    else if (Object.keys(errorsOf(view)).length) focusError();
  }

  function focusFirst(element) {
    const body = element.querySelector(".dialog-body");
    body.scrollTop = 0;
    const first = body.querySelector("[autofocus]") ?? body.querySelector("input, textarea, select, button, a[href]") ?? element.querySelector(".dialog-foot button:last-child");
    first?.focus();
  }

  /** The focus and the cursor, in what was drawn anew. */
  function restore(element, { key, from, to, top }) {
    element.querySelector(".dialog-body").scrollTop = top;
    const again = key ? [...element.querySelectorAll("[data-key]")].find((e) => e.dataset.key === key) : null;
    again?.focus();
    try {
      if (again && from !== null && from !== undefined) again.setSelectionRange(from, to);
    } catch {
      // fields such as dates and numbers have no cursor to set
    }
    if (!again && !element.contains(document.activeElement)) element.querySelector(".dialog-foot button:last-child")?.focus();
  }

  const soon = debounce(async () => {
    await shown?.ctx?.flush();
    await refresh().catch(() => emit("resync"));
  }, 5);
  on("change", (change) => {
    if (change.type.startsWith("view_") && change.user === app.person && change.id !== app.home?.id) soon();
  });
  return { sync, hide };
}
