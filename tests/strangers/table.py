"""Who may do what: a line for everything that the registry holds. Each line is tried by everybody.

`may` are those who may. `given` is made anew for each try, by `by` ("oneself": by whoever tries), so that a refusal
never comes from the state of things. `writes`: for those who may it changes something (a set: for these only).
`words`: what members are told who may not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.registry import Kind
from tests.strangers.house import MEMBERS

EVERYBODY = frozenset(MEMBERS)
ENGINEERS = frozenset({"admin", "engineer"})
ADMINS = frozenset({"admin"})
NOBODY: frozenset[str] = frozenset()
ONESELF = "oneself"


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    kind: Kind
    name: str
    may: frozenset[str]
    send: str = ""
    given: str = "nothing"
    by: str = "requester"
    writes: bool | frozenset[str] = False
    words: str = ""
    values: dict[str, str] = field(default_factory=dict)
    surface: str = "message"

    @property
    def told(self) -> str:
        """What members are told who may not."""
        if self.words:
            return self.words
        return "admin" if self.may == ADMINS else "engineer"

    def changes_something(self, who: str) -> bool:
        """Whether it changes something when this person does it."""
        return who in (self.may if self.writes is True else self.writes or NOBODY)

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name} {self.send}{' own' if self.by == ONESELF else ''}"


def verb(name: str, may: frozenset[str], text: str = "", given: str = "nothing", **more: object) -> Line:
    """`/command verb`; `text` is what follows the verb."""
    return Line(Kind.COMMAND, name, may, text, given, **more)  # type: ignore[arg-type] # named as in Line


def button(name: str, may: frozenset[str], value: str = "{id}", given: str = "nothing", **more: object) -> Line:
    """A button or menu; `value` is what it carries."""
    return Line(Kind.ACTION, name, may, value, given, **more)  # type: ignore[arg-type] # named as in Line


def form(
    name: str, may: frozenset[str], given: str, values: dict[str, str], metadata: str = "{id}", **more: object
) -> Line:
    """A modal submitted, whoever opened it."""
    return Line(Kind.SUBMISSION, name, may, metadata, given, values=values, **more)  # type: ignore[arg-type] # as above


NEW_REQUEST = {"title": "Fan", "description": "It is loud", "priority": "high", "assignee": "U0ENG"}
RECORD = {"project": "{project_id}", "version": "v7", "environment": "staging", "status": "success"}
SETTINGS = {"from": "08:00", "until": "16:00", "days": "1,2,3", "zone": "slack", "direct_messages": "off"}
TOUCH = frozenset({"admin", "engineer", "requester"})

MAINTENANCE = [
    verb("/maintenance", EVERYBODY),
    verb("/maintenance list", EVERYBODY, "all"),
    verb("/maintenance show", EVERYBODY, "{id}", "open_request"),
    verb("/maintenance history", EVERYBODY, "{id}", "open_request"),
    verb("/maintenance search", EVERYBODY, "fan"),
    verb("/maintenance new", EVERYBODY, "Fan"),
    verb("/maintenance assign", ENGINEERS, "{id} me", "open_request", writes=True),
    verb("/maintenance start", ENGINEERS, "{id}", "open_request", writes=True),
    verb("/maintenance start", NOBODY, "{id}", "critical_request", words="approve|engineer"),
    verb("/maintenance complete", ENGINEERS, "{id}", "started_request", writes=True),
    verb("/maintenance reopen", ENGINEERS, "{id}", "done_request", writes=True),
    verb("/maintenance priority", ENGINEERS, "{id} high", "open_request", writes=True),
    verb("/maintenance priority", ENGINEERS, "{id} low", "critical_request", writes=True),
    verb("/maintenance priority", NOBODY, "{id} low", "critical_request", by=ONESELF, words="own|engineer"),
    verb("/maintenance due", ENGINEERS, "{id} 2050-01-01", "open_request", writes=True),
    verb("/maintenance edit", ENGINEERS, "{id}", "open_request"),
    verb("/maintenance cancel", TOUCH, "{id} Solved", "open_request", writes=True, words="requester"),
    verb("/maintenance comment", TOUCH, "{id} Hello", "open_request", writes=True, words="requester"),
    button("maintenance.assign_me", ENGINEERS, given="open_request", writes=True),
    button("maintenance.start", ENGINEERS, given="open_request", writes=True),
    button("maintenance.start", ENGINEERS, given="open_request", writes=True, surface="home"),
    button("maintenance.start", ENGINEERS, given="open_request", writes=True, surface="modal"),
    button("maintenance.log_work", ENGINEERS, given="open_request"),
    button("maintenance.complete", ENGINEERS, given="started_request"),
    button("maintenance.more", ENGINEERS, "edit:{id}", "open_request"),
    button("maintenance.more", TOUCH, "cancel:{id}", "open_request", words="requester"),
    button("maintenance.more", EVERYBODY, "history:{id}", "open_request"),
    button("maintenance.more", ENGINEERS, "reopen:{id}", "done_request", writes=True),
    button("maintenance.new", EVERYBODY, "new"),
    button("maintenance.list_next", EVERYBODY, "{page}", "pages"),
    button("maintenance.list_previous", EVERYBODY, "{page}", "pages"),
    form("maintenance.new", EVERYBODY, "nothing", NEW_REQUEST, "", writes=True),
    form("maintenance.new_from_message", EVERYBODY, "nothing", NEW_REQUEST, "C0OPS:1700000000.000100", writes=True),
    form(
        "maintenance.edit", ENGINEERS, "open_request",
        {"title": "Other", "description": "It is loud", "priority": "low"}, "{id}:{seen}", writes=True,
    ),
    form("maintenance.complete", ENGINEERS, "started_request", {"note": "Done", "hours": "0.01"}, writes=True),
    form("maintenance.cancel", TOUCH, "open_request", {"reason": "Solved"}, writes=True, words="requester"),
    Line(Kind.OPTIONS, "maintenance.project", EVERYBODY, "shop"),
    Line(Kind.SHORTCUT, "new_request", EVERYBODY),
    Line(Kind.SHORTCUT, "create_request", EVERYBODY),
]  # fmt: skip

WORKLOG = [
    verb("/worklog", ENGINEERS, "{id} 0.01 Looked", "open_request", writes=True),
    verb("/worklog list", ENGINEERS, "{id}", "logged_work"),
    verb("/worklog report", ENGINEERS, "all month"),
    verb("/worklog delete", ENGINEERS, "{log}", "logged_work", by=ONESELF, writes=True),
    verb("/worklog delete", ADMINS, "{log}", "logged_work", by="colleague", writes=True),
    button("worklog.export", ENGINEERS, "{report}", "pages", writes=True),
    form(
        "worklog.log", ENGINEERS, "open_request",
        {"hours": "0.01", "work_date": "2026-01-02", "description": "Looked"}, writes=True,
    ),
]  # fmt: skip

DEPLOY = [
    verb("/deploy", EVERYBODY),
    verb("/deploy status", EVERYBODY),
    verb("/deploy list", EVERYBODY),
    verb("/deploy show", EVERYBODY, "{id}", "pending_deployment"),
    verb("/deploy freezes", EVERYBODY),
    verb("/deploy stats", EVERYBODY),
    verb("/deploy record", ENGINEERS, '"{project}" v3 staging', "project", writes=True),
    verb("/deploy request", EVERYBODY, '"{project}" v3 staging', "project", writes=True),
    verb("/deploy start", ENGINEERS, "{id}", "pending_deployment", writes=True),
    verb("/deploy start", NOBODY, "{id}", "production_deployment", words="approve|engineer"),
    verb("/deploy start", NOBODY, "{id} override:Hotfix", "production_deployment", words="approve|engineer"),
    verb("/deploy finish", ENGINEERS, "{id} success", "running_deployment", writes=True),
    verb("/deploy rollback", ENGINEERS, "{id} Broken", "ended_deployment", writes=True),
    verb("/deploy freeze", ADMINS, "staging 2030-01-01..2030-01-02 Holidays", writes=True),
    verb("/deploy unfreeze", ADMINS, "{id}", "freeze", writes=True),
    verb("/deploy lock", ENGINEERS, '"{project}" staging Migrating', "project", writes=True),
    verb("/deploy unlock", ENGINEERS, '"{project}" staging', "lock", by=ONESELF, writes=True),
    verb("/deploy unlock", ADMINS, '"{project}" staging', "lock", by="colleague", writes=True),
    button("deploy.start", ENGINEERS, given="pending_deployment", writes=True),
    button("deploy.start", NOBODY, given="production_deployment", words="approve|engineer"),
    button("deploy.succeeded", ENGINEERS, given="running_deployment"),
    button("deploy.failed", ENGINEERS, given="running_deployment"),
    button("deploy.roll_back", ENGINEERS, given="ended_deployment"),
    button("deploy.lock_take_over", ENGINEERS, "{take}", "lock", by="colleague", writes=True),
    button("deploy.list_next", EVERYBODY, "{deploy_page}", "pages"),
    button("deploy.list_previous", EVERYBODY, "{deploy_page}", "pages"),
    form("deploy.succeeded", ENGINEERS, "running_deployment", {"duration": "4m", "notes": "Fine"}, writes=True),
    form("deploy.failed", ENGINEERS, "running_deployment", {"notes": "Broken"}, writes=True),
    form("deploy.roll_back", ENGINEERS, "ended_deployment", {"reason": "Broken"}, writes=True),
    form("deploy.record", ENGINEERS, "project", RECORD, "", writes=True),
    Line(Kind.OPTIONS, "deploy.project", EVERYBODY, "shop"),
    Line(Kind.SHORTCUT, "record_deployment", ENGINEERS),
]

APPROVALS = [
    button("approvals.approve", ENGINEERS, "{approval}", "critical_request", writes=True),
    button("approvals.approve", NOBODY, "{approval}", "critical_request", by=ONESELF, words="own|engineer"),
    button("approvals.approve", ENGINEERS, "{approval}", "production_deployment", writes=True),
    button("approvals.approve", NOBODY, "{approval}", "production_deployment", by=ONESELF, words="own|engineer"),
    button("approvals.reject", ENGINEERS, "{approval}", "critical_request"),
    button("approvals.reject", NOBODY, "{approval}", "critical_request", by=ONESELF, words="own|engineer"),
    button("approvals.ask_again", TOUCH, "maintenance:{id}", "expired_request", writes=True, words="asked"),
    form("approvals.reject", ENGINEERS, "critical_request", {"reason": "Not now"}, "{approval}", writes=True),
    form(
        "approvals.reject", NOBODY, "critical_request", {"reason": "Not now"}, "{approval}", by=ONESELF,
        words="own|engineer",
    ),
]  # fmt: skip

HOME = [
    Line(Kind.EVENT, "app_home_opened", EVERYBODY),
    Line(Kind.EVENT, "user_change", EVERYBODY, writes=True),
    button("home.open", EVERYBODY, given="open_request", surface="home"),
    button("home.open_deployment", EVERYBODY, given="pending_deployment", surface="home"),
    button("home.record", ENGINEERS, "new", surface="home"),
    button("home.hours", ENGINEERS, "week", surface="home"),
]

REMINDERS = [
    verb("/techops snooze", EVERYBODY, "{id} tomorrow", "due_request", writes=frozenset({"engineer", "requester"})),
    verb("/techops hours", EVERYBODY, "8-16", writes=True),
    button("reminders.snooze", EVERYBODY, "tomorrow:{id}", "due_request", writes=frozenset({"engineer", "requester"})),
    button("reminders.start", ENGINEERS, given="open_request", writes=True),
    button("reminders.take", ENGINEERS, given="open_request", writes=True),
    button("reminders.open", EVERYBODY, given="open_request"),
    button("digest.open", EVERYBODY, given="open_request"),
    button("digest.take", ENGINEERS, given="open_request", writes=True),
    form(
        "reminders.snooze_until", EVERYBODY, "due_request", {"until": "2050-01-01"},
        writes=frozenset({"engineer", "requester"}),
    ),
]  # fmt: skip

TECHOPS = [
    verb("/techops subscribe", EVERYBODY, 'maintenance project:"{project}"', "project", writes=True),
    verb("/techops subscriptions", EVERYBODY),
    verb("/techops unsubscribe", EVERYBODY, "{id}", "subscription", by=ONESELF, writes=True),
    verb("/techops unsubscribe", ENGINEERS, "{id}", "subscription", by="colleague", writes=True),
    verb("/techops digest", EVERYBODY, "now"),
    verb("/techops policy", ADMINS, 'set deployment staging project:"{project}" required:1', "project", writes=True),
    verb("/techops db", ADMINS, "sizes"),
    verb("/techops db backup", ADMINS, "list"),
    verb("/techops db backup", ADMINS, "run", writes=True),
    verb("/techops db maintenance", ADMINS, "run", "no_care_run", writes=True),
    verb("/techops db kill", ADMINS, "999999"),
    button("care.cancel", ADMINS, given="care_run", writes=True),
    button("care.cancel_query", ADMINS, "999999:2026-01-01T00:00:00+00:00"),
    button("care.end_session", ADMINS, "999999:2026-01-01T00:00:00+00:00"),
]

PROJECTS = [
    verb("/project", EVERYBODY),
    verb("/project list", EVERYBODY),
    verb("/project show", EVERYBODY, '"{project}"', "project"),
    verb("/project new", ADMINS),
    verb("/project edit", ADMINS, '"{project}"', "project"),
    verb("/project archive", ADMINS, '"{project}"', "project"),
    verb("/project unarchive", ADMINS, '"{project}"', "archived_project", writes=True),
    verb("/project group", EVERYBODY),
    verb("/project group list", EVERYBODY),
    verb("/project group new", ADMINS, "Group {n}", writes=True),
    verb("/project group edit", ADMINS, "{group}", "group"),
    verb("/project group assign", ADMINS, '"{project}" "{group}"', "group", writes=True),
    button("projects.list_next", EVERYBODY, "{project_page}", "pages"),
    button("projects.list_previous", EVERYBODY, "{project_page}", "pages"),
    button("projects.edit", ADMINS, "{project_id}", "project"),
    button("projects.archive", ADMINS, "{project_id}", "project"),
    form("projects.new", ADMINS, "nothing", {"name": "Made {n}", "status": "active"}, "", writes=True),
    form("projects.edit", ADMINS, "project", {"name": "Renamed {project_id}"}, "{project_id}:{seen}", writes=True),
    form("projects.archive", ADMINS, "project", {}, "{project_id}", writes=True),
    form("projects.group_edit", ADMINS, "group", {"name": "Renamed {group_id}"}, "{group_id}:{mark}", writes=True),
    Line(Kind.OPTIONS, "projects.group", ADMINS, "group"),
]

ACCOUNTS = [
    verb("/techops whoami", EVERYBODY),
    verb("/techops settings", EVERYBODY),
    verb("/techops link", EVERYBODY, writes=True),
    verb("/techops unlink", EVERYBODY, writes=True),
    verb("/techops users", ADMINS),
    verb("/techops role", ADMINS, "{email} admin", "account", writes=True),
    verb("/techops deactivate", ADMINS, "{email}", "account", writes=True),
    verb("/techops activate", ADMINS, "{email}", "left_account", writes=True),
    verb("/techops audit", ADMINS),
    button("accounts.list_next", ADMINS, "{account_page}", "pages"),
    button("accounts.list_previous", ADMINS, "{account_page}", "pages"),
    button("accounts.manage", ADMINS, given="account"),
    button("accounts.password_link", ADMINS, given="account", surface="modal", writes=True),
    button("accounts.hand_over", ADMINS, given="left_account"),
    button("audit.list_next", ADMINS, "{audit_page}", "pages"),
    button("audit.list_previous", ADMINS, "{audit_page}", "pages"),
    button("audit.export", ADMINS, "{audit}", "pages", writes=True),
    button("links.open", EVERYBODY, "open"),
    button("links.undo", EVERYBODY, "undo", "untied", by=ONESELF, writes=True),
    button("settings.open", EVERYBODY, "open", surface="home"),
    form("accounts.manage", ADMINS, "account", {"role": "admin", "state": "active"}, "{manage}", writes=True),
    form("accounts.hand_over", ADMINS, "left_account", {"parts": "requests", "to": "U0ENG2"}, writes=True),
    form("settings.save", EVERYBODY, "nothing", SETTINGS, "", writes=True),
    Line(Kind.OPTIONS, "settings.zone", EVERYBODY, "berlin"),
    Line(Kind.EVENT, "link_shared", EVERYBODY, given="open_request", writes=True),
]

TABLE = [*MAINTENANCE, *WORKLOG, *DEPLOY, *APPROVALS, *HOME, *REMINDERS, *TECHOPS, *PROJECTS, *ACCOUNTS]


def without_line(entries: Iterable[tuple[Kind, str]]) -> set[str]:
    """What is registered and has no line."""
    known = {(line.kind, line.name) for line in TABLE}
    return {f"{kind.value} {name}" for kind, name in entries if (kind, name) not in known}


def unregistered(entries: Iterable[tuple[Kind, str]]) -> set[str]:
    """Lines about what is not registered any more."""
    known = set(entries)
    return {f"{line.kind.value} {line.name}" for line in TABLE if (line.kind, line.name) not in known}
