"""Projects and groups: what people type and what the forms say, checked; each refusal at the field at fault."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from bot.errors import WrongState
from bot.rules.ids import LARGEST
from bot.rules.pages import number, pack, strange, unpack
from bot.rules.suggest import closest
from bot.rules.text import LINE_ENDS, Words, clean_text, is_blank, split
from bot.rules.wording import bad, listed, quoted
from db.models import JsonObject
from db.models_projects import Group, ProjectDetails

Values = Mapping[str, str | None]
NO_GROUP: Final = "none"
NAME_LIMIT: Final = 255
TEXT_LIMIT: Final = 3000
URL_LIMIT: Final = 500
STATUSES: Final = ("active", "inactive", "archived")
# Archiving is a command of its own, which warns first.
CHOOSABLE: Final = ("active", "inactive")
URLS: Final = {
    "repository_url": "repository address",
    "production_url": "production address",
    "staging_url": "staging address",
    "health_check_url": "health check address",
}
_WORDS_LIMIT: Final = 60
_DIGEST: Final = 16
# the columns' own rule: chk_docker_image_format
_IMAGE: Final = re.compile(r"[a-z0-9._/-]+:[a-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class ProjectFilter:
    """What a list is narrowed to; `status` None: everything that is not archived, "all": everything."""

    words: str = ""
    group: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A list with its group found, and the project behind which (or before which) a page begins."""

    words: str = ""
    group_id: int | None = None
    status: str | None = None
    place: int | None = None
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class ProjectForm:
    """What the form changes: `values` by column, without the group; `group_id` counts where `regroups`.

    `new_group` is the name of a group that is to be there.
    """

    values: JsonObject = field(default_factory=dict)
    regroups: bool = False
    group_id: int | None = None
    new_group: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is changed."""
        return not self.values and not self.regroups


def parse_list(text: str) -> ProjectFilter:
    """Read [WORDS] [group:G] [status:S]; a status may stand alone. Raises BadInput."""
    words = split(text, ("group", "status"))
    plain = list(words.plain)
    status = words.options.get("status")
    if status is None and len(plain) == 1 and plain[0].casefold() in {*STATUSES, "all"}:
        status = plain.pop()
    return ProjectFilter(" ".join(plain)[:_WORDS_LIMIT], words.options.get("group"), _status(status))


def parse_one(text: str, verb: str) -> str:
    """The name of a project, with or without quotes, or its number. Raises BadInput."""
    name = split(text, ()).rest()
    if is_blank(name):
        raise bad(f"Say which project to {verb}.", example=f'/project {verb} "Web App"')
    return name


def parse_group_name(text: str, verb: str) -> str:
    """The name of a group. Raises BadInput."""
    name = split(text, ()).rest()
    if is_blank(name):
        raise bad(f"Say which group to {'make' if verb == 'new' else verb}.", example=f"/project group {verb} Mobile")
    return _name(name)


def parse_assign(text: str) -> tuple[str, str]:
    """A project and the group it goes to, "none" for no group. Raises BadInput."""
    words: Words = split(text, ())
    if len(words.plain) != 2:  # noqa: PLR2004 - project and group
        raise bad(
            "Say a project and its group, each in quotes where it has blanks.",
            example='/project group assign "Web App" "Web Applications"',
        )
    return words.plain[0], words.plain[1]


def parse_group(text: str) -> None:
    """The list of groups takes nothing. Raises BadInput for a verb that does not exist."""
    words = split(text, ()).plain
    if not words:
        return
    near = closest(words[0], ("list", "new", "edit", "assign"))
    hint = f" Did you mean {near}?" if near else ""
    raise bad(f"{quoted(words[0])} is nothing to do with groups.{hint}", example="/project group list")


def page_value(view: ProjectView) -> str:
    """What a page button carries, as opaque text."""
    return pack([view.words, view.group_id, view.status, view.place, view.backwards])


def read_page_value(value: str) -> ProjectView:
    """What `page_value` made. Raises BadInput for any other text."""
    words, group_id, status, place, backwards = unpack(value, 5)
    if not isinstance(words, str) or len(words) > _WORDS_LIMIT or not isinstance(backwards, bool) or "\x00" in words:
        raise strange()
    if status is not None and status not in {*STATUSES, "all"}:
        raise strange()
    try:
        return ProjectView(words, number(group_id), None if status is None else str(status), number(place), backwards)
    except ValueError as error:
        raise strange() from error


def read_new(values: Values) -> ProjectForm:
    """A new project. Raises BadInput naming the first field at fault."""
    return read_changes(None, values)


def read_changes(row: ProjectDetails | None, values: Values) -> ProjectForm:
    """What the form says otherwise than the project (None: a new one). Raises BadInput naming the first field at fault.

    What was left as it was shown counts as unchanged, so that an address which no rule knows survives an edit of
    something else.
    """
    said: dict[str, object] = {
        "name": _kept(row.name if row else None, values.get("name")) or _name(values.get("name") or "")
    }
    if row is None or "description" in values:
        before = row.description if row else None
        said["description"] = _kept(before, values.get("description")) or _description(values.get("description"))
    for column, what in URLS.items():
        before = getattr(row, column) if row else None
        said[column] = _kept(before, values.get(column)) or _url(values.get(column), column, what)
    image = values.get("docker_image")
    said["docker_image"] = _kept(row.docker_image if row else None, image) or _image(image)
    said["status"] = _chosen_status(row, values.get("status"))
    changed: JsonObject = {
        name: value for name, value in said.items() if value != (getattr(row, name) if row else None)
    }
    group_id, new_group = _group_id(values.get("group")), values.get("new_group")
    named = None if new_group is None or is_blank(new_group) else _name(new_group, "new_group")
    regroups = named is not None or group_id != (row.group_id if row else None)
    return ProjectForm(changed, regroups, group_id, named)


def read_group(values: Values) -> tuple[str, str | None]:
    """Name and description of a group. Raises BadInput naming the first field at fault."""
    return _name(values.get("name") or ""), _description(values.get("description"))


def seen(row: ProjectDetails | Group) -> str:
    """A fingerprint of what the form of a project or group shows."""
    shown: list[object] = [row.name, row.description]
    if isinstance(row, ProjectDetails):
        shown += [row.status, row.group_id, row.docker_image, *(getattr(row, column) for column in URLS)]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:_DIGEST]


def check_seen(row: ProjectDetails | Group, fingerprint: str) -> None:
    """Let pass a form that shows the row as it still is. Raises WrongState: saving would undo somebody's change."""
    if fingerprint != seen(row):
        raise WrongState(
            f"{row.name} was edited by somebody else while this form was open, so nothing was saved. "
            "Copy what you wrote, close the form and open it again."
        )


def is_web_address(text: str) -> bool:
    """Whether it is an http or https address without blanks, user or password."""
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = text.isprintable() and not any(char.isspace() or char in '<>"|\\^`{}' for char in text)
    return plain and parts.scheme in {"http", "https"} and bool(host) and "@" not in parts.netloc


def _status(word: str | None) -> str | None:
    if word is None:
        return None
    if word.casefold() in {*STATUSES, "all"}:
        return word.casefold()
    near = closest(word, STATUSES)
    hint = f" Did you mean {near}?" if near else ""
    raise bad(f"{quoted(word)} is no status of a project.{hint} It is {listed((*STATUSES, 'all'))}.")


def _chosen_status(row: ProjectDetails | None, word: str | None) -> str:
    if word is None:
        return row.status if row else CHOOSABLE[0]
    if word not in CHOOSABLE:
        raise bad("Choose active or inactive; to archive it there is `/project archive`.", field="status")
    return word


def _kept(before: str | None, after: str | None) -> str | None:
    """What was there before, where the form shows it unchanged: it knows one kind of line end, and no blanks around."""
    same = before is not None and after is not None and LINE_ENDS.sub("\n", before).strip() == after.strip()
    return before if same else None


def _name(text: str, block: str = "name") -> str:
    return " ".join(clean_text(" ".join(text.split()), NAME_LIMIT, field=block).split())


def _description(text: str | None) -> str | None:
    return None if text is None or is_blank(text) else clean_text(text, TEXT_LIMIT, field="description")


def _url(text: str | None, column: str, what: str) -> str | None:
    if text is None or is_blank(text):
        return None
    url = text.strip()
    if len(url) > URL_LIMIT:
        raise bad(f"The {what} has {len(url)} characters; at most {URL_LIMIT} fit.", field=column)
    if not is_web_address(url):
        raise bad(
            f"That is no {what}: it begins with https:// or http:// and a host, and holds no blanks, user or password.",
            example="https://shop.example.com",
            field=column,
        )
    return url


def _image(text: str | None) -> str | None:
    if text is None or is_blank(text):
        return None
    image = text.strip()
    if len(image) > NAME_LIMIT or not _IMAGE.fullmatch(image):
        raise bad(
            "A Docker image is NAME:TAG in lower case, of letters, digits, dots, hyphens, underscores and slashes, "
            f"at most {NAME_LIMIT} characters.",
            example="registry/shop:1.4.2",
            field="docker_image",
        )
    return image


def _group_id(chosen: str | None) -> int | None:
    if not chosen or chosen == NO_GROUP:
        return None
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) <= len(str(LARGEST)) and 0 < int(chosen) <= LARGEST):
        raise bad("That is no group of the list. Choose one, or None.", field="group")
    return int(chosen)
