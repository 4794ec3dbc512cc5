"""Writing the sample, in one transaction that announces nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from bot.auth import unusable_password_hash
from bot.errors import WrongState
from bot.services.sample.catalogue import GROUPS, PEOPLE, PROJECTS, Person, Project
from bot.services.sample.hours import at_work
from bot.services.sample.lives import Ids, tell
from bot.services.sample.releases import release
from db.pool import Conn, Pool
from db.queries import sample as queries
from db.queries.sample import NewGroup, NewProject, NewUser
from db.queries.sample_approvals import approve_past

_SEED: Final = 20_240_815
_AS_SAMPLE: Final = {"app.announce": "off", "app.source": "sample"}
_FOUNDED: Final = timedelta(days=720)
_HOME: Final = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class Summary:
    """How much was loaded."""

    people: int
    projects: int
    requests: int
    work_logs: int
    deployments: int

    def __str__(self) -> str:
        return (
            f"{self.people} people, {self.projects} projects, {self.requests} maintenance requests with "
            f"{self.work_logs} work logs, {self.deployments} deployments"
        )


async def load(pool: Pool, now: datetime) -> Summary:
    """Fill an empty database. The pool's role has to be the owner of the tables, or have its rights.

    Raises:
        WrongState: there are people, groups or projects; nothing was changed.
    """
    summary = await load_if_empty(pool, now)
    if summary is None:
        raise WrongState(
            "Sample data is for an empty database, and this one has people or projects already, so nothing was "
            "changed. Name an empty database in DATABASE_URL, or another DATA_DIR, and try again."
        )
    return summary


async def load_if_empty(pool: Pool, now: datetime) -> Summary | None:
    """As `load`, but None, and nothing changed, where the database is not empty."""
    async with pool.acquire() as conn:
        if not await queries.is_empty(conn):
            return None
    # One hash for all: each costs a quarter of a second, and as nobody knows the secret, sharing it opens nothing.
    password_hash = await unusable_password_hash()
    async with pool.transaction(_AS_SAMPLE) as conn:
        await queries.lock_tables(conn)
        if not await queries.is_empty(conn):
            return None
        return await _write(conn, now, password_hash)


async def _write(conn: Conn, now: datetime, password_hash: str) -> Summary:
    ids = await _insert_catalogue(conn, now, password_hash)
    stories = tell(now, ids, _SEED)
    request_ids = await queries.insert_requests(conn, [story.request for story in stories])
    told = list(zip(request_ids, stories, strict=True))
    entries = [entry._replace(request_id=request_id) for request_id, story in told for entry in story.entries]
    logs = [log._replace(request_id=request_id) for request_id, story in told for log in story.logs]
    comments = [comment._replace(request_id=request_id) for request_id, story in told for comment in story.comments]
    deployments = release(now, ids, _SEED)
    await queries.insert_history(conn, sorted(entries, key=lambda entry: entry.at))
    await queries.insert_logs(conn, sorted(logs, key=lambda log: log.at))
    await queries.insert_comments(conn, sorted(comments, key=lambda comment: comment.at))
    await queries.insert_deployments(conn, deployments)
    await approve_past(conn, now)
    await queries.update_activity(conn)
    return Summary(len(ids.people), len(ids.projects), len(stories), len(logs), len(deployments))


async def _insert_catalogue(conn: Conn, now: datetime, password_hash: str) -> Ids:
    rng = Random(_SEED)  # noqa: S311 - nothing secret about it
    founded = at_work(now - _FOUNDED, _HOME, rng)
    groups = await queries.insert_groups(conn, [NewGroup(group.name, group.description, founded) for group in GROUPS])
    group_ids = _by_key([group.key for group in GROUPS], groups)
    projects = await queries.insert_projects(
        conn, [_project(project, group_ids[project.group], now, rng) for project in PROJECTS]
    )
    people = await queries.insert_users(conn, [_person(person, password_hash, now, rng) for person in PEOPLE])
    return Ids(
        people=_by_key([person.key for person in PEOPLE], people),
        projects=_by_key([project.key for project in PROJECTS], projects),
    )


def _by_key(keys: Sequence[str], ids: Sequence[int]) -> dict[str, int]:
    return dict(zip(keys, ids, strict=True))


def _person(person: Person, password_hash: str, now: datetime, rng: Random) -> NewUser:
    seen = None if person.seen_hours is None else at_work(now - timedelta(hours=person.seen_hours), person.tz, rng)
    joined = at_work(now - timedelta(days=person.joined_days), person.tz, rng)
    return NewUser(person.email, person.name, password_hash, person.role, person.is_active, seen, joined)


def _project(project: Project, group_id: int, now: datetime, rng: Random) -> NewProject:
    created = at_work(now - timedelta(days=rng.randint(110, 700)), _HOME, rng)
    retired = at_work(now - timedelta(days=30), _HOME, rng)
    live = project.status == "active"
    host = f"{project.site}.company.com"
    staging = f"staging-{host}"
    return NewProject(
        group_id=group_id,
        name=project.name,
        description=project.description,
        repository_url=f"https://github.com/company/{project.key}",
        production_url=f"https://{host}",
        staging_url=f"https://{staging}",
        status=project.status,
        docker_image=project.image,
        health_check_url=f"https://{host}/health" if live and project.image else None,
        created_at=created,
        updated_at=created if live else retired,
    )
