"""The App Home: what waits for a person, what they asked for, what happens in their projects.

A Home holds 100 blocks (https://docs.slack.dev/reference/views/home-tab-views): with ten rows a part, of one block each
and two for approvals, at most 90 are used.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.rules.access import allows
from bot.rules.approvals import approvals_of, subject_label
from bot.rules.ids import card_label
from bot.views import kit, preferences
from bot.views.answers import Block, View
from bot.views.deployment_cards import described
from bot.views.home_health import health_blocks
from bot.views.kit import Part as Words
from bot.views.wording import count, line, priority_label, status_label
from db.models import Deployment, Request, Role, SubjectKind
from db.models_approvals import Approval
from db.models_home import Home, Part

OPEN = "home.open"
OPEN_DEPLOYMENT = "home.open_deployment"
RECORD = "home.record"
HOURS = "home.hours"
_ROWS = 10


def home(it: Home, *, name: str, role: str, now: datetime) -> View:
    """Show a person's Home; `name` and `role` are theirs."""
    blocks = [
        kit.header(f"Hello {line(name, 100)}"),
        kit.section(_summary(it)),
        _buttons(role),
        *_approvals(it),
        *_requests("Overdue", it.requests.overdue, now, "/maintenance list assignee:me"),
        *_requests("Due within three days", it.requests.due_soon, now, "/maintenance list assignee:me"),
        *_requests("Assigned to you", it.requests.assigned, now, "/maintenance list assignee:me"),
        *_requests("Your requests", it.requests.mine, now, "/maintenance list mine"),
        *_deployments(it),
        *(health_blocks(it.health, now) if it.health else []),
        kit.note(preferences.told(it.settings)),
        kit.note("As of ", now, ". It is brought up to date when you open it, and by what you do. Commands: ", *_HELP),
    ]
    return {"type": "home", "blocks": blocks}


def refused(sentence: str) -> View:
    """Show why there is nothing to see."""
    return {"type": "home", "blocks": [kit.header("TechOps"), kit.rich(*kit.code_parts(sentence))]}


_HELP: tuple[Words, ...] = (kit.Code("/maintenance help"), ", ", kit.Code("/deploy help"), ".")


def _summary(it: Home) -> str:
    """Say in a sentence what waits for the person."""
    counts = [
        (it.approvals_total, "approval"),
        (it.requests.overdue.total, "overdue request"),
        (it.requests.due_soon.total, "request due within three days"),
    ]
    told = [_counted(number, noun) for number, noun in counts if number]
    assigned = sum(part.total for part in (it.requests.overdue, it.requests.due_soon, it.requests.assigned))
    work = f"{count(assigned, 'open request')} assigned to you" if assigned else "No open request is assigned to you"
    return f"{work}. Waiting for you: {', '.join(told)}." if told else f"{work}. Nothing is due, nothing to decide."


def _counted(number: int, noun: str) -> str:
    first, _, rest = noun.partition(" request")
    return f"{number:,} {first} requests{rest}" if rest and number > 1 else count(number, noun)


def _buttons(role: str) -> Block:
    buttons = [kit.button("New request", "maintenance.new", "new", "primary")]
    if allows(role, Role.ENGINEER):
        buttons += [kit.button("Record deployment", RECORD, "new"), kit.button("My hours report", HOURS, "week")]
    return kit.actions(*buttons, kit.button("Settings", preferences.OPEN, "open"))


def _part(title: str, rows: Sequence[Sequence[Block]], total: int, hint: str) -> list[Block]:
    """Show the first rows of a part under its title, and where the others are; nothing where there are none."""
    if not rows:
        return []
    left = total - len(rows)
    more = [kit.note(f"and {left:,} more, type ", kit.Code(hint))] if left > 0 else []
    return [kit.header(title), *(block for row in rows for block in row), *more]


def _approvals(it: Home) -> list[Block]:
    rows = [_approval(approval) for approval in it.approvals[:_ROWS]]
    left = it.approvals_total - len(rows)
    more = [kit.note(f"and {left:,} more, which follow as these are decided.")] if left > 0 else []
    return [*_part("Waiting for your approval", rows, 0, ""), *more]


def _approval(approval: Approval) -> list[Block]:
    asked = approval.asked
    label = subject_label(approval.subject_kind, approval.subject_id)
    if approval.subject_kind == SubjectKind.MAINTENANCE:
        what = line(str(asked.get("title") or ""), 200, empty="(no title)")
    else:
        version, environment = str(asked.get("version") or ""), str(asked.get("environment") or "")
        what = f"version {line(version, 100)} to {line(environment, 50)}"
    who = ", ".join(line(person.name or "", 60, empty="somebody") for person in approval.requesters[:3])
    state = f"{approvals_of(approval)} of {count(approval.required, 'approval')}{f', asked by {who}' if who else ''}"
    value = str(approval.id)
    opens = OPEN if approval.subject_kind == SubjectKind.MAINTENANCE else OPEN_DEPLOYMENT
    return [
        _row(f"{label}  {what}", ["Expires ", approval.expires_at], state, _open(opens, approval.subject_id)),
        kit.actions(
            kit.button("Approve", "approvals.approve", value, "primary"),
            kit.button("Reject", "approvals.reject", value, "danger"),
        ),
    ]


def _requests(title: str, part: Part, now: datetime, hint: str) -> list[Block]:
    return _part(title, [[_request(row, now)] for row in part.rows[:_ROWS]], part.total, hint)


def _request(row: Request, now: datetime) -> Block:
    due: list[Words] = ["No due date"]
    if row.due_at:
        due = ["Overdue since " if row.due_at < now else "Due ", row.due_at]
    state = [
        status_label(row.status),
        f"{priority_label(row.priority)} priority",
        line(row.project_name or "No project", 60),
    ]
    title = line(row.title, 200, empty="(no title)")
    return _row(f"{card_label(row.id)}  {title}", due, " · ".join(state), _open(OPEN, row.id))


def _deployments(it: Home) -> list[Block]:
    rows = [[_deployment(row)] for row in it.deployments[:_ROWS]]
    more = [kit.note("There are more, type ", kit.Code("/deploy list"))] if it.more_deployments else []
    return [*_part("Recent deployments of your projects", rows, 0, ""), *more]


def _deployment(row: Deployment) -> Block:
    who = row.deployer_name or row.requester_name
    state = f"{status_label(row.status)}{f', by {line(who, 80)}' if who else ''}"
    when: list[Words] = ["Deployed " if row.deployed_at else "Asked for ", row.deployed_at or row.created_at]
    return _row(f"D-{row.id}  {described(row)}", when, state, _open(OPEN_DEPLOYMENT, row.id))


def _row(title: str, when: Sequence[Words], state: str, button: Block) -> Block:
    """Show a record in one block: its name as it was typed, when, its state, and the button that opens it."""
    return kit.section(title, accessory=button) | {
        "fields": [kit.mrkdwn(kit.spoken(when), 2000), kit.plain(state, 2000)]
    }


def _open(action_id: str, number: int) -> Block:
    return kit.button("Open", action_id, str(number))
