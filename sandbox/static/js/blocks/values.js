// The state of elements: which field of it holds what was chosen.
export const FIELD = {
  plain_text_input: "value", email_text_input: "value", url_text_input: "value", number_input: "value",
  static_select: "selected_option", external_select: "selected_option", radio_buttons: "selected_option",
  users_select: "selected_user", conversations_select: "selected_conversation", channels_select: "selected_channel",
  datepicker: "selected_date", timepicker: "selected_time", datetimepicker: "selected_date_time",
  checkboxes: "selected_options", multi_static_select: "selected_options", multi_external_select: "selected_options",
  multi_users_select: "selected_users", multi_conversations_select: "selected_conversations",
  multi_channels_select: "selected_channels", file_input: "files",
};
const INITIAL = { value: "initial_value", files: "initial_files" };

/** What an element holds: as chosen before, else as it starts. */
export function valueOf(block, element, ctx) {
  const field = FIELD[element.type];
  const kept = ctx.state?.[block.block_id]?.[element.action_id];
  if (kept && field in kept) return kept[field];
  return element[INITIAL[field] ?? field.replace("selected", "initial")] ?? null;
}

/** The words of a text object, for names. */
export const words = (object) => object?.text ?? "";

/** The name of an element that has no label of its own: its placeholder, or the words beside it. */
export function nameOf(block, element, otherwise) {
  return words(element.placeholder) || words(block.text).replaceAll(/[*_~`]|<[^>]*>/g, "").slice(0, 120).trim() || otherwise;
}
