"""Accounts: what people type about them, and what their dialogs and buttons say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.rules.ids import LARGEST
from bot.rules.mentions import parse_mention
from bot.rules.pages import number, pack, strange, unpack
from bot.rules.suggest import closest
from bot.rules.text import split
from bot.rules.wording import bad, listed, quoted
from db.models import Role, User

Values = Mapping[str, str | None]
ACTIVE: Final = "active"
INACTIVE: Final = "inactive"
_WORDS_LIMIT: Final = 60


class Part(StrEnum):
    """What somebody leaves behind that can be handed over; locks are released, tokens revoked."""

    REQUESTS = "requests"
    DEPLOYMENTS = "deployments"
    SUBSCRIPTIONS = "subscriptions"
    LOCKS = "locks"
    TOKENS = "tokens"


# What somebody else gets; the others end.
GIVEN: Final = frozenset({Part.REQUESTS, Part.DEPLOYMENTS, Part.SUBSCRIPTIONS})


@dataclass(frozen=True, slots=True)
class UserView:
    """A list of accounts, and the one behind which (or before which) a page begins."""

    words: str = ""
    role: Role | None = None
    inactive: bool = False
    place: int | None = None
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody, by Slack id or else by e-mail address."""

    slack_user_id: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class ManageForm:
    """What the dialog says an account is to be; `seen` is what it showed: role and whether it was active."""

    user_id: int
    seen: tuple[str, bool]
    role: Role
    is_active: bool


@dataclass(frozen=True, slots=True)
class HandOver:
    """What is handed over, and to which Slack person, None where nobody gets anything."""

    user_id: int
    to: str | None
    parts: frozenset[Part]


def parse_users(text: str) -> UserView:
    """Read [WORDS] [role:R] [inactive]. Raises BadInput."""
    words = split(text, ("role",))
    plain = [word for word in words.plain if word.casefold() != INACTIVE]
    role = words.options.get("role")
    inactive = len(plain) < len(words.plain)
    return UserView(" ".join(plain)[:_WORDS_LIMIT], role_named(role) if role else None, inactive)


def parse_who(text: str, verb: str) -> Who:
    """One person, mentioned or by address. Raises BadInput."""
    plain = split(text, ()).plain
    if len(plain) != 1:
        raise bad("Say whom: mention one person, or write their e-mail address.", example=f"/techops {verb} @ada")
    return _who(plain[0], verb)


def parse_role(text: str) -> tuple[Who, Role]:
    """A person and a role, in either order. Raises BadInput."""
    plain = list(split(text, ()).plain)
    if len(plain) != 2:  # noqa: PLR2004 - who and what
        raise bad("Say whom, and which role: user, engineer or admin.", example="/techops role @ada engineer")
    if _is_person(plain[1]) and not _is_person(plain[0]):
        plain.reverse()
    return _who(plain[0], "role"), role_named(plain[1])


def role_named(word: str, *, field: str | None = None) -> Role:
    """The role of this name. Raises BadInput naming the roles there are."""
    wanted = word.strip().casefold()
    if wanted in set(Role):
        return Role(wanted)
    near = closest(word, list(Role))
    hint = f" Did you mean `{near}`?" if near else ""
    raise bad(f"{quoted(word)} is no role.{hint} Roles are {listed(Role, last='and')}.", field=field)


def page_value(view: UserView) -> str:
    """What a page button carries, as opaque text."""
    return pack([view.words, view.role, view.inactive, view.place, view.backwards])


def read_page_value(value: str) -> UserView:
    """What `page_value` made. Raises BadInput for any other text."""
    words, role, inactive, place, backwards = unpack(value, 5)
    texts_fit = isinstance(words, str) and len(words) <= _WORDS_LIMIT and "\x00" not in words
    if not texts_fit or not isinstance(inactive, bool) or not isinstance(backwards, bool):
        raise strange()
    try:
        return UserView(str(words), None if role is None else Role(str(role)), inactive, number(place), backwards)
    except ValueError as error:
        raise strange() from error


def manage_metadata(user: User) -> str:
    """What the dialog of an account remembers."""
    return pack([user.id, user.role, user.is_active])


def read_manage(metadata: str, values: Values) -> ManageForm:
    """The dialog of an account. Raises BadInput."""
    user_id, role, is_active = read_managed(metadata)
    chosen, state = values.get("role"), values.get("state")
    if state is not None and state not in {ACTIVE, INACTIVE}:
        raise strange()
    wanted = role_named(chosen or role, field="role")
    return ManageForm(user_id, (role, is_active), wanted, is_active if state is None else state == ACTIVE)


def read_managed(metadata: str) -> tuple[int, str, bool]:
    """Number, role and activity that `manage_metadata` packed. Raises BadInput for any other text."""
    user_id, role, is_active = unpack(metadata, 3)
    if not isinstance(role, str) or not isinstance(is_active, bool):
        raise strange()
    return _number(user_id), role, is_active


def read_user(value: str) -> int:
    """The number of an account that a button carries. Raises BadInput for any other text."""
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(LARGEST))):
        raise strange()
    return _number(int(value))


def read_hand_over(metadata: str, values: Values) -> HandOver:
    """The dialog that hands over. Raises BadInput naming the field at fault."""
    ticked: Sequence[str] = [part for part in (values.get("parts") or "").split(",") if part]
    if not set(ticked) <= set(Part):
        raise strange()
    parts = frozenset(Part(part) for part in ticked)
    to = values.get("to")
    if not parts:
        raise bad("Tick what to hand over, or close the form.", field="parts")
    if to is None and parts & GIVEN:
        raise bad("Choose who gets it: an active engineer or admin.", field="to")
    return HandOver(read_user(metadata), to, parts)


def _who(word: str, verb: str) -> Who:
    mentioned = parse_mention(word)
    if mentioned is not None:
        return Who(mentioned, None)
    address = word.removeprefix("mailto:")
    if "@" not in address.strip("@"):
        raise bad(
            f"{quoted(word)} is nobody I can find. Type @ and pick the person from Slack's list, or write the e-mail "
            "address of the account.",
            example=f"/techops {verb} ada@example.com",
        )
    return Who(None, address)


def _is_person(word: str) -> bool:
    return parse_mention(word) is not None or "@" in word


def _number(value: object) -> int:
    try:
        found = number(value)
    except ValueError as error:
        raise strange() from error
    if found is None:
        raise strange()
    return found
