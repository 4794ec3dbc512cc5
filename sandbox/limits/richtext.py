"""Rules of rich text, https://docs.slack.dev/reference/block-kit/blocks/rich-text-block."""

from sandbox.limits.core import Check, anything, array, boolean, by_type, integer, number, one_of, shape, string

LENGTH = 13_200
STYLES = ("bold", "italic", "strike", "code", "highlight", "client_highlight", "unlink", "underline")
STYLE = shape({}, dict.fromkeys(STYLES, boolean))
ID = string(40)
INLINE: dict[str, Check] = {
    "text": shape({"type": anything, "text": string(LENGTH)}, {"style": STYLE}),
    "link": shape(
        {"type": anything, "url": string(3000)}, {"text": string(LENGTH, 0), "style": STYLE, "unsafe": boolean}
    ),
    "user": shape({"type": anything, "user_id": ID}, {"style": STYLE}),
    "usergroup": shape({"type": anything, "usergroup_id": ID}, {"style": STYLE}),
    "channel": shape({"type": anything, "channel_id": ID}, {"style": STYLE}),
    "emoji": shape({"type": anything, "name": string(100)}, {"unicode": string(100), "style": STYLE}),
    "broadcast": shape({"type": anything, "range": one_of("here", "channel", "everyone")}),
    "color": shape({"type": anything, "value": string(20)}),
    "date": shape(
        {"type": anything, "timestamp": number, "format": string(200)},
        {"url": string(3000), "fallback": string(3000), "style": STYLE},
    ),
}
_RUN = array(by_type(INLINE), 0, 1000)
SECTION = shape({"type": anything, "elements": _RUN})
BORDER = {"border": integer(0, 1)}
PARTS: dict[str, Check] = {
    "rich_text_section": SECTION,
    "rich_text_list": shape(
        {
            "type": anything,
            "style": one_of("bullet", "ordered"),
            "elements": array(by_type({"rich_text_section": SECTION}), 1, 1000),
        },
        {"indent": integer(0, 8), "offset": integer(0, 10_000), **BORDER},
    ),
    "rich_text_preformatted": shape({"type": anything, "elements": _RUN}, {**BORDER, "language": string(100)}),
    "rich_text_quote": shape({"type": anything, "elements": _RUN}, BORDER),
}
RICH_TEXT = shape({"type": anything, "elements": array(by_type(PARTS), 0, 1000)}, {"block_id": string(255)})
