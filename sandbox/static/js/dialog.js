// Dialogs: the browser keeps the focus inside and everything else out of reach; Escape closes; the focus goes back.
import { h, newId } from "./dom.js";

/** Say that the page is out of reach: not every reader knows what the browser makes inert. */
function behind(open) {
  const page = document.getElementById("app");
  if (open) page.setAttribute("aria-hidden", "true");
  else page.removeAttribute("aria-hidden");
}

/**
 * Show a dialog; `close()` takes it away again.
 * @param {{title: any, body: any, footer: any, onEscape: () => void, role?: string, className?: string, extra?: any}} options
 */
export function openDialog({ title, body, footer, onEscape, role = "dialog", className = "", extra = null }) {
  const id = newId("title");
  const before = document.activeElement;
  const heading = h("h2", { id, class: "dialog-title", dir: "auto" }, title);
  const element = h("dialog", { class: `dialog ${className}`, role, "aria-labelledby": id, "aria-modal": "true" },
    h("div", { class: "dialog-head" }, heading, extra), h("div", { class: "dialog-body" }, body), h("div", { class: "dialog-foot" }, footer));
  element.addEventListener("cancel", (event) => {
    event.preventDefault();
    onEscape();
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    onEscape();
  });
  document.body.append(element);
  element.showModal();
  behind(true);
  return {
    element,
    close() {
      element.close();
      element.remove();
      behind(document.querySelector("dialog[open]") !== null);
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    },
  };
}

const words = (object, otherwise) => object?.text || otherwise;

/**
 * Ask as Block Kit's confirm object says; true when confirmed.
 * @param {any} confirm
 * @returns {Promise<boolean>}
 */
export function ask(confirm) {
  if (!confirm) return Promise.resolve(true);
  return new Promise((resolve) => {
    const end = (answer) => {
      shown.close();
      resolve(answer);
    };
    const deny = h("button", { type: "button", class: "btn", on: { click: () => end(false) } }, words(confirm.deny, "Cancel"));
    const agree = h("button", { type: "button", class: `btn ${confirm.style === "danger" ? "danger solid" : "primary"}`, on: { click: () => end(true) } }, words(confirm.confirm, "OK"));
    const shown = openDialog({
      title: words(confirm.title, "Are you sure?"),
      body: confirm.node ?? h("p", { dir: "auto" }, words(confirm.text, "")),
      footer: [deny, agree],
      onEscape: () => end(false),
      role: "alertdialog",
      className: "confirm",
    });
    agree.focus();
  });
}
