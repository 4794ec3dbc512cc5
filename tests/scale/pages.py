"""The lists that people page through: their first page, and one in the depth that a cursor leads to, forth and back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from db.models_audit import AuditView
from db.queries import audit_pages, deployment_pages, keyset, request_pages

SIZE: Final = 11
# Half of 730 days back: nobody pages there, but links from elsewhere may.
DEEP_REQUEST: Final = request_pages.Cursor(None, 150_000)
DEEP_DUE: Final = request_pages.Cursor(datetime(2026, 10, 1), 150_000)  # noqa: DTZ001 - as the column is
DEEP_DEPLOYMENT: Final = keyset.Cursor(2_500_000)
DEEP_CHANGE: Final = keyset.Cursor(1_000_000)
# One narrowing is answered by an index in its order. Two that no index combines look at what one of them leaves.
ONE: Final = 200
TWO: Final = 6_500

_Requests = request_pages.Narrowing
_Deployments = deployment_pages.Narrowing
_Changes = AuditView

REQUESTS: Final = {
    "all requests": (_Requests(), ONE),
    "of a project": (_Requests(project_id=1), ONE),
    "of a small project": (_Requests(project_id=1777), ONE),
    "completed": (_Requests(status="completed"), ONE),
    "of a priority": (_Requests(priority="critical"), ONE),
    "asked for by a person": (_Requests(requested_by=31), ONE),
    "to be done by a person": (_Requests(assigned_to=31), ONE),
    "of a person": (_Requests(of=31), ONE),
    "unassigned": (_Requests(unassigned=True), ONE),
    "open": (_Requests(open_only=True), ONE),
    "open and overdue": (_Requests(open_only=True, overdue_at=datetime(2026, 11, 22, tzinfo=UTC)), ONE),
    "open, of a person": (_Requests(open_only=True, of=31), 2 * ONE),
    "open, unassigned": (_Requests(open_only=True, unassigned=True), ONE),
    "open, of a project": (_Requests(open_only=True, project_id=1), ONE),
    "open, of a priority": (_Requests(open_only=True, priority="high"), ONE),
    "cancelled, of a small project": (_Requests(status="cancelled", project_id=1777), TWO),
    "of a person and a project": (_Requests(of=31, project_id=1777), TWO),
    "critical, of a person": (_Requests(requested_by=31, priority="critical"), TWO),
}
DEPLOYMENTS: Final = {
    "all deployments": (_Deployments(), ONE),
    "of a project": (_Deployments(project_id=1), ONE),
    "of a small project": (_Deployments(project_id=1777), ONE),
    "of an environment": (_Deployments(environment="staging"), ONE),
    "failed": (_Deployments(status="failed"), ONE),
    "of a place": (_Deployments(project_id=1777, environment="staging"), ONE),
    "failed, of a small project": (_Deployments(project_id=1777, status="failed"), TWO),
    "failed, in an environment": (_Deployments(environment="staging", status="failed"), TWO),
}
SINCE: Final = datetime(2026, 11, 1, tzinfo=UTC)
# Changes are looked at one by one, from the newest on, until the page is full.
WALK: Final = 60_000
CHANGES: Final = {
    "all changes": (_Changes(), ONE),
    "of a record": (_Changes(kind="maintenance", subject_id=270_000), ONE),
    "of deployments": (_Changes(kind="deployment"), WALK),
    "of accounts": (_Changes(kind="user"), WALK),
    "of a person": (_Changes(actor_id=31), ONE),
    "of a verb": (_Changes(verb="created"), WALK),
    "of a rare verb": (_Changes(verb="role_changed"), WALK),
    "of a source": (_Changes(source="api"), WALK),
    "of a time": (_Changes(since=SINCE), WALK),
    "of a project": (_Changes(project_id=1), WALK),
    "of a small project": (_Changes(project_id=1777), 300_000),
}


@dataclass(frozen=True, slots=True)
class PageCase:
    """One page of a list: its statement with arguments, and how many pages of 8 KiB it may touch."""

    name: str
    statement: str
    values: tuple[object, ...]
    pages: int


def pages() -> Iterator[PageCase]:
    """Every list, at its beginning and in its depth."""
    for name, (requests, most) in REQUESTS.items():
        deep = DEEP_DUE if requests.open_only else DEEP_REQUEST
        for place, at in (("", None), ("deep, ", deep), ("backwards, ", _back(deep))):
            statement, values = request_pages.page_statement(requests, at, SIZE)
            yield PageCase(f"requests, {place}{name}", statement, tuple(values), most)
    for name, (deployments, most) in DEPLOYMENTS.items():
        back = keyset.Cursor(DEEP_DEPLOYMENT.id, backwards=True)
        for place, on in (("", None), ("deep, ", DEEP_DEPLOYMENT), ("backwards, ", back)):
            statement, values = deployment_pages.page_statement(deployments, on, SIZE)
            yield PageCase(f"deployments, {place}{name}", statement, tuple(values), most)
    for name, (changes, most) in CHANGES.items():
        behind = keyset.Cursor(DEEP_CHANGE.id, backwards=True)
        for place, by in (("", None), ("deep, ", DEEP_CHANGE), ("backwards, ", behind)):
            statement, values = audit_pages.page_statement(changes, by, SIZE)
            yield PageCase(f"audit, {place}{name}", statement, tuple(values), most)


def _back(cursor: request_pages.Cursor) -> request_pages.Cursor:
    return request_pages.Cursor(cursor.due, cursor.id, backwards=True)
