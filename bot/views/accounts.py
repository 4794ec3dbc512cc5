"""What `/techops whoami`, `users`, `role`, `deactivate` and `activate` answer."""

from collections.abc import Sequence

from bot.rules.access import allows
from bot.rules.accounts import ACTIVE, INACTIVE, manage_metadata
from bot.rules.workdays import WorkingHours, spoken_hours
from bot.views import kit
from bot.views.answers import Block, Reply, View
from bot.views.departures import HAND_OVER, left_blocks
from bot.views.kit import Part
from bot.views.wording import join_words, line
from db.models import Page, Role, User
from db.models_accounts import Account, Left

NEXT = "accounts.list_next"
PREVIOUS = "accounts.list_previous"
MANAGE = "accounts.manage"
MANAGE_CALLBACK = "accounts.manage"
PASSWORD_LINK = "accounts.password_link"  # noqa: S105 - the name of a button
_STATES = [("Active", ACTIVE), ("Deactivated", INACTIVE)]
_ROLES = [(role.capitalize(), role.value) for role in Role]
_MAY = {
    Role.USER: "raise, follow and comment on requests, cancel your own, ask for deployments",
    Role.ENGINEER: "all that users may; take, start and complete requests, log work, deploy, approve what policies say",
    Role.ADMIN: "all that engineers may; accounts, roles, projects, policies, freezes, the audit, the database",
}


def whoami(account: Account, hours: WorkingHours, tokens: Sequence[str], tz: str) -> Reply:
    """Tell somebody who they are to TechOps."""
    user = account.user
    role = next(role for role in (Role.ADMIN, Role.ENGINEER, Role.USER) if allows(user.role, role))
    told = f"You are {line(user.name, 80)} ({line(user.email, 120)}), with the role {line(user.role, 30)}."
    rows: list[list[Part]] = [
        [kit.Bold("Account"), f"  #{user.id}, {'active' if user.is_active else 'deactivated'}"],
        [kit.Bold("Slack"), "  tied to this account; ", kit.Code("/techops link"), " ties you to another"],
        [kit.Bold("Time zone"), f"  {line(tz, 60)}; Settings on the App Home changes it"],
        [kit.Bold("Working hours"), f"  {spoken_hours(hours)}; ", kit.Code("/techops hours"), " changes them"],
        [kit.Bold("Tokens"), f"  {join_words([line(name, 60) for name in tokens[:10]]) or 'none'}"],
        [kit.Bold("You may"), f"  {_MAY[role]}"],
    ]
    return kit.reply(kit.escape(told), [kit.section(told), *[kit.rich(*row) for row in rows]])


def user_list(page: Page[Account], *, heading: str, replace: bool = False) -> Reply:
    """Show a page of accounts; the page's cursors are what the buttons carry."""
    if not page.rows:
        return kit.say(f"{line(heading, 150)}: there are none. ", kit.Code("/techops users"), replace=replace)
    turns = [("Previous", PREVIOUS, page.before), ("Next", NEXT, page.after)]
    buttons = [kit.button(label, action, value) for label, action, value in turns if value]
    tail = [*([kit.actions(*buttons)] if buttons else [])]
    told = f"{line(heading, 150)}: {kit.count(len(page.rows), 'account')} on this page."
    blocks = kit.stack([kit.header(heading)], [_item(row, _manage_button(row)) for row in page.rows], tail)
    return kit.reply(kit.escape(told), blocks, replace=replace)


def list_heading(words: str, role: str | None, *, inactive: bool) -> str:
    """Name a list and what it is narrowed to: "Accounts, “ada”, role admin, deactivated"."""
    parts = [
        "Accounts",
        f"“{line(words, 60)}”" if words else "",
        f"role {role}" if role else "",
        "deactivated" if inactive else "",
    ]
    return ", ".join(part for part in parts if part)


def manage(account: Account) -> View:
    """Ask what an account is to be."""
    user = account.user
    further = [kit.button("Password link", PASSWORD_LINK, str(user.id))] if user.is_active else []
    if not user.is_active or account.is_outside:
        further.append(kit.button("Hand over", HAND_OVER, str(user.id)))
    state = ACTIVE if user.is_active else INACTIVE
    blocks = [
        *_item(account),
        kit.select("role", "Role", _ROLES, initial=user.role),
        kit.select(
            "state", "State", _STATES, initial=state, hint="Deactivated people are refused at their next request."
        ),
        kit.actions(*further),
    ]
    return kit.modal(MANAGE_CALLBACK, "Manage account", blocks, "Save", manage_metadata(user))


def password_link(user: User, url: str) -> View:
    """Give the one-time link for a password, to be passed on."""
    parts: list[Part] = [
        "With this link ",
        kit.Bold(line(user.name, 80)),
        " sets a password for the dashboard. It works once, for 24 hours, and is not shown again.",
    ]
    blocks = [kit.rich(*parts), kit.rich(kit.Code(url))]
    return kit.modal("accounts.password_link", "Password link", blocks, None, close="Close")


def changed(user: User, before: User, left: Left | None) -> Reply:
    """Confirm what was changed; `left` is what a person who was deactivated has open."""
    parts: list[Part] = [kit.Bold(line(user.name, 80)), f" ({line(user.email, 120)})"]
    told = []
    if user.role != before.role:
        told.append(f"has the role {line(user.role, 30)} now, not {line(before.role, 30)}")
    if user.is_active != before.is_active:
        told.append("is active again" if user.is_active else "is deactivated, and refused from the next request on")
    blocks = left_blocks(user, left) if left is not None else []
    return kit.say(*parts, f" {join_words(told)}.", blocks=blocks)


def _manage_button(account: Account) -> Block:
    return kit.button("Manage", MANAGE, str(account.user.id))


def _item(account: Account, button: Block | None = None) -> list[Block]:
    user = account.user
    state = "active" if user.is_active else "deactivated"
    slack: list[Part] = [" · not in Slack yet"]
    if user.slack_user_id:
        slack = [" · in Slack, no full member" if account.is_outside else " · in Slack"]
    login: list[Part] = [" · last login ", account.last_login] if account.last_login else [" · never logged in"]
    title = kit.section(f"{line(user.name, 100)}, {line(user.email, 200)}", accessory=button)
    return [title, kit.note(f"{line(user.role, 30)} · {state}", *slack, *login)]
