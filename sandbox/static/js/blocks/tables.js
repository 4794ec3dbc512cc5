// table and data_table: https://docs.slack.dev/reference/block-kit/blocks/table-block and .../data-table-block
import { fill, h, newId } from "../dom.js";
import { richText, richWords } from "./richtext.js";

function content(cell) {
  if (cell.type === "rich_text") return richText(cell);
  if (cell.type === "raw_number") return cell.text ?? numberText(cell.value);
  return h("bdi", null, cell.text ?? "");
}

export const numberText = (value) => new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 }).format(value);

const alignOf = (cell, setting) => setting?.align ?? (cell?.type === "raw_number" ? "right" : "left");

function frame(name, table) {
  return h("div", { class: "table-frame", tabindex: 0, role: "group", "aria-label": name }, table);
}

/** @param {any} block the first row is the head */
export function table(block) {
  const settings = block.column_settings ?? [];
  const row = (cells, tag) =>
    h("tr", null, cells.map((cell, i) =>
      h(tag, { class: `align-${alignOf(cell, settings[i])}${settings[i]?.is_wrapped === false ? " nowrap" : ""}`, dir: "auto", scope: tag === "th" ? "col" : null },
        content(cell))));
  const [head, ...body] = block.rows;
  return h("div", { class: "block" }, frame("Table", h("table", null, h("thead", null, row(head, "th")), h("tbody", null, body.map((r) => row(r, "td"))))));
}

function compare(a, b) {
  if (a.type === "raw_number" && b.type === "raw_number") return a.value - b.value;
  const words = (cell) => (cell.type === "rich_text" ? richWords(cell) : String(cell.text ?? cell.value ?? ""));
  return words(a).localeCompare(words(b), "en", { numeric: true });
}

/** A table with a caption, sorted by its columns and shown page by page. */
export function dataTable(block) {
  const [head, ...rows] = block.rows;
  const size = block.page_size ?? 10;
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const state = { column: -1, down: false, page: 0 };
  const id = newId("caption");
  const heads = head.map((cell, i) => {
    const button = h("button", { type: "button", class: "sort", on: { click: () => sortBy(i) } }, content(cell), h("span", { class: "sort-mark", "aria-hidden": "true" }));
    return h("th", { scope: "col", class: `align-${alignOf(rows[0]?.[i])}`, "aria-sort": "none" }, button);
  });
  const body = h("tbody");
  const count = h("span", { class: "page-count" });
  const previous = h("button", { type: "button", class: "link-button", on: { click: () => turn(-1) } }, "Previous rows");
  const following = h("button", { type: "button", class: "link-button", on: { click: () => turn(1) } }, "Next rows");

  function draw() {
    const order = state.column < 0 ? rows : [...rows].sort((a, b) => compare(a[state.column], b[state.column]) * (state.down ? -1 : 1));
    const shown = order.slice(state.page * size, (state.page + 1) * size);
    fill(body, shown.map((cells) =>
      h("tr", null, cells.map((cell, i) =>
        h(i === block.row_header_column_index ? "th" : "td", { class: `align-${alignOf(cell)}`, dir: "auto", scope: i === block.row_header_column_index ? "row" : null }, content(cell))))));
    heads.forEach((th, i) => th.setAttribute("aria-sort", i === state.column ? (state.down ? "descending" : "ascending") : "none"));
    count.textContent = `${state.page * size + 1}–${Math.min((state.page + 1) * size, rows.length)} of ${rows.length}`;
    previous.disabled = state.page === 0;
    following.disabled = state.page === pages - 1;
  }
  function sortBy(column) {
    state.down = state.column === column && !state.down;
    state.column = column;
    state.page = 0;
    draw();
  }
  function turn(by) {
    state.page += by;
    draw();
  }
  draw();
  const caption = h("div", { class: "caption", id, dir: "auto" }, block.caption);
  const made = h("table", { "aria-labelledby": id }, h("thead", null, h("tr", null, heads)), body);
  const pager = pages > 1 ? h("div", { class: "pager" }, count, previous, following) : null;
  return h("div", { class: "block data-table" }, caption, frame(block.caption, made), pager);
}
