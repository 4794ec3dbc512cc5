"""Deployments: two months of releases, told backwards from the latest one of each project."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from bot.services.sample.catalogue import PENDING, PEOPLE, PROJECTS, Project, Step, steps_of
from bot.services.sample.hours import at_work, earlier
from bot.services.sample.lives import Ids
from db.queries.sample import NewDeployment

_MONTHS: Final = timedelta(days=58)
# Hours between two deployments of a release, and between a release and the next.
_STEP_GAP: Final = (1.5, 22.0)
_RELEASE_GAP: Final = (3.0, 12.0)
_PEOPLE: Final = {person.key: person for person in PEOPLE}
# Of the usual duration: what fails, fails early.
_SHARE: Final[Mapping[str, float]] = {"success": 1, "rolled_back": 1, "failed": 0.6, "pending": 0}
_STILL_HERE: Final = timedelta(days=35)


def release(now: datetime, ids: Ids, seed: int) -> list[NewDeployment]:
    """All deployments, the oldest first. The same `now`, ids and seed give the same ones.

    None is in progress: nothing would ever finish it, and what waits for the end of deployments would wait for ever.
    """
    rows: list[NewDeployment] = []
    for project in PROJECTS:
        rng = Random(f"{seed} {project.name}")  # noqa: S311 - nothing secret about it
        rows.extend(_of_project(project, now, ids, rng))
    return sorted(rows, key=lambda row: row.created_at)


def _of_project(project: Project, now: datetime, ids: Ids, rng: Random) -> Iterator[NewDeployment]:
    upper: datetime | None = None
    for number, steps in reversed(list(enumerate(_releases(project)))):
        who = rng.choice(project.team)
        at = at_work(_planned(project, number, now, rng), _PEOPLE[who].tz, rng)
        if upper is not None:
            at = min(at, earlier(upper, _PEOPLE[who].tz, rng, *_RELEASE_GAP))
        for step in reversed(steps):
            yield _deployment(project, number, step, _deployer(who, step, now - at, rng), at, ids, rng)
            upper, at = at, earlier(at, _PEOPLE[who].tz, rng, *_STEP_GAP)


def _releases(project: Project) -> list[Sequence[Step]]:
    done: list[Sequence[Step]] = [steps_of(project.key, number) for number in range(project.releases)]
    return [*done, PENDING[project.key]] if project.key in PENDING else done


def _planned(project: Project, number: int, now: datetime, rng: Random) -> datetime:
    """When the last step of a release was; of one that is pending, an hour ago."""
    back = project.releases - 1 - number
    if back < 0:
        return now - timedelta(minutes=rng.randint(40, 90))
    spread = (back + (rng.uniform(-0.3, 0.3) if back else 0)) / project.releases
    return now - timedelta(hours=project.fresh_hours, minutes=rng.randint(1, 100)) - _MONTHS * spread


def _deployer(who: str, step: Step, ago: timedelta, rng: Random) -> str | None:
    """Who did it: nobody where a pipeline did, and nobody who had left by then."""
    by_pipeline = step.environment == "development" and rng.random() < 0.5  # noqa: PLR2004 - every second one
    return None if by_pipeline or not (_PEOPLE[who].is_active or ago > _STILL_HERE) else who


def _deployment(
    project: Project, number: int, step: Step, who: str | None, at: datetime, ids: Ids, rng: Random
) -> NewDeployment:
    pending = step.status == "pending"
    started = at + timedelta(seconds=rng.randint(5, 170))
    seconds = int(project.seconds * _SHARE[step.status] * rng.uniform(0.8, 1.3))
    return NewDeployment(
        project_id=ids.projects[project.key],
        version=f"v{project.major}.{project.first_minor + number}.{step.patch}",
        environment=step.environment,
        status=step.status,
        deployed_by=ids.people[who] if who else None,
        deployed_at=None if pending else started,
        duration=None if pending else seconds,
        notes=step.note,
        created_at=at,
        updated_at=at if pending else started + timedelta(seconds=seconds),
    )
