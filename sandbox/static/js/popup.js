// Boxes that float beside an element: menus, lists of options, completions.
import { h } from "./dom.js";

const MARGIN = 8;

/** Where a floating box has to be in the document so that it is not behind an open dialog. */
export const layerOf = (anchor) => anchor.closest("dialog") ?? document.body;

/** Put `box` under (or above) `anchor`, within the window. */
export function place(box, anchor, { align = "left", above = false, match = false } = {}) {
  const rect = anchor.getBoundingClientRect();
  if (match) box.style.minWidth = `${rect.width}px`;
  box.style.maxHeight = "";
  const { width, height } = box.getBoundingClientRect();
  const below = innerHeight - rect.bottom - MARGIN * 1.5;
  const over = rect.top - MARGIN * 1.5;
  const up = (above && over > Math.min(height, 160)) || (height > below && over > below);
  box.style.maxHeight = `${Math.max(120, up ? over : below)}px`;
  const left = align === "right" ? rect.right - width : rect.left;
  box.style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - width - MARGIN))}px`;
  box.style.top = up ? `${rect.top - Math.min(height, over) - 4}px` : `${rect.bottom + 4}px`;
}

/** Close when something else is touched, or the page scrolls or changes its size. Returns the end of that. */
export function closeOutside(box, anchor, close) {
  const touched = (event) => {
    if (!box.contains(event.target) && !anchor.contains(event.target)) close();
  };
  const { left, top } = anchor.getBoundingClientRect();
  // What scrolls elsewhere, or did before, leaves the anchor where it was; then the box still stands at it.
  const scrolled = () => {
    const now = anchor.getBoundingClientRect();
    if (Math.abs(now.top - top) > 4 || Math.abs(now.left - left) > 4) close();
  };
  document.addEventListener("pointerdown", touched, true);
  document.addEventListener("scroll", scrolled, true);
  addEventListener("resize", close);
  return () => {
    document.removeEventListener("pointerdown", touched, true);
    document.removeEventListener("scroll", scrolled, true);
    removeEventListener("resize", close);
  };
}

let openMenuClose = null;

/**
 * A menu at a button.
 * @param {HTMLElement} anchor
 * @param {{label: string, hint?: string, danger?: boolean, href?: string, run?: () => void}[]} items
 */
export function openMenu(anchor, items, { label = "Menu", align = "right", above = false } = {}) {
  openMenuClose?.();
  const entries = items.map((item) =>
    h(item.href ? "a" : "button", { role: "menuitem", tabindex: -1, type: item.href ? null : "button", class: item.danger ? "menu-item danger" : "menu-item", href: item.href, target: item.href ? "_blank" : null, rel: item.href ? "noopener noreferrer" : null,
      on: { click: () => choose(item) } },
      h("bdi", { class: "menu-label" }, item.label), item.hint ? h("span", { class: "menu-hint" }, item.hint) : null));
  const box = h("div", { role: "menu", class: "popup menu", "aria-label": label }, entries.length ? entries : h("div", { class: "menu-empty", role: "menuitem", "aria-disabled": "true", tabindex: -1 }, "Nothing here"));
  const rows = [...box.children];
  let ended = false;
  layerOf(anchor).append(box);
  place(box, anchor, { align, above });
  anchor.setAttribute("aria-expanded", "true");
  const stop = closeOutside(box, anchor, () => close(false));
  openMenuClose = () => close(false);
  box.addEventListener("keydown", key);
  rows[0].focus();

  function close(back) {
    if (ended) return;
    ended = true;
    stop();
    box.remove();
    anchor.setAttribute("aria-expanded", "false");
    openMenuClose = null;
    if (back) anchor.focus();
  }
  function choose(item) {
    close(true);
    item.run?.();
  }
  function key(event) {
    const at = rows.indexOf(document.activeElement);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
    if (event.key in moves) rows.at(moves[event.key] % rows.length).focus();
    else if (event.key === "Escape") close(true);
    else if (event.key === "Tab") close(true);
    else if (event.key.length === 1 && event.key !== " ") {
      const next = [...rows.slice(at + 1), ...rows.slice(0, at + 1)];
      next.find((row) => row.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** The attributes of a button that opens a menu. */
export const opensMenu = { "aria-haspopup": "menu", "aria-expanded": "false" };
