// Elements are made here and nowhere else: text goes in as text nodes, so that nothing a person writes becomes markup.

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, any> | null} [props] attributes; `class`, `on` ({event: listener}), `data` ({name: value}) and
 *   `prop` (DOM properties) are special; null, undefined and false leave an attribute out, true sets it empty
 * @param {...Child} children
 * @returns {any}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) set(element, name, value);
  append(element, children);
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "on") {
    for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
  } else if (name === "data") {
    for (const [key, text] of Object.entries(value)) if (text !== null && text !== undefined) element.dataset[key] = String(text);
  } else if (name === "prop") {
    Object.assign(element, value);
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** @param {Element | DocumentFragment} parent @param {Child[]} children */
export function append(parent, children) {
  for (const child of children.flat(9)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

/** @param {Element} parent @param {...Child} children */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
  return parent;
}

/** @param {...Child} children */
export function fragment(...children) {
  const made = document.createDocumentFragment();
  append(made, children);
  return made;
}

/** An SVG element. */
export function s(tag, props, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  append(element, children);
  return element;
}

let counter = 0;

/** A new id for `aria-labelledby` and its kin. */
export function newId(prefix = "x") {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** Run `work` once, `wait` ms after the last call. */
export function debounce(work, wait) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), wait);
  };
}

/** A button with an icon only; its name is spoken and shown as a tooltip. */
export function iconButton(iconNode, name, listener, props = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": name, title: name, on: { click: listener }, ...props }, iconNode);
}
