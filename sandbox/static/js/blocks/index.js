// Block Kit: https://docs.slack.dev/reference/block-kit/blocks
import { fragment, h } from "../dom.js";
import { dataVisualization } from "./charts.js";
import { inputBlock } from "./field.js";
import { actions, container, context, divider, header, image, section } from "./layout.js";
import { markdown } from "./markdown.js";
import { richText } from "./richtext.js";
import { dataTable, table } from "./tables.js";

const DRAW = {
  section, header, context, actions, divider, image, input: inputBlock, rich_text: richText, table, data_table: dataTable,
  data_visualization: dataVisualization, markdown, container: (block, ctx) => container(block, ctx, renderBlocks),
};

function one(block, ctx) {
  const draw = DRAW[block.type];
  if (!draw) return h("div", { class: "block unknown" }, `The sandbox does not draw blocks of type ${block.type}.`);
  try {
    return draw(block, ctx);
  } catch (fault) {
    return h("div", { class: "block unknown", role: "alert" }, `A block of type ${block.type} could not be drawn: ${fault.message}`);
  }
}

/**
 * @param {any[]} blocks
 * @param {any} ctx how they act, see acts.js
 * @returns {DocumentFragment}
 */
export function renderBlocks(blocks, ctx) {
  return fragment(blocks.map((block) => one(block, ctx)));
}
