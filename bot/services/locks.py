"""Locks: an environment of a project that one person keeps for themselves, and who waits for it."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import uuid4

from bot.auth import Actor
from bot.context import Act, Deps
from bot.errors import BotError, Forbidden, WrongState
from bot.rules.access import allows
from bot.rules.deploy_forms import TakeOver
from bot.rules.deployments import deployment_label
from bot.rules.targets import Place
from bot.rules.zones import local
from bot.services import projects
from bot.views import locks as views
from bot.views.kit import Message
from db.models import Lock, Role
from db.pool import Conn
from db.queries import leftovers, locks, outbox
from db.queries.locks import Waiter


class Held(WrongState):
    """Somebody else holds the lock."""

    def __init__(self, lock: Lock, *, doing: str, tz: str) -> None:
        way = f'`/deploy lock "{lock.project_name}" {lock.environment} REASON`'
        super().__init__(f"{held_by(lock, tz)} So you cannot {doing}. {way} asks to take it over.")
        self.lock = lock


@dataclass(frozen=True, slots=True)
class Taken:
    """A lock after somebody asked for it: theirs, or `held` by somebody else; `kept`: it was theirs before."""

    lock: Lock
    held: bool = False
    kept: bool = False


def held_by(lock: Lock, tz: str) -> str:
    """Who holds a lock, since when and why, as a sentence."""
    since = f"{local(lock.taken_at, tz):%Y-%m-%d %H:%M}"
    return f"{lock.project_name} on {lock.environment} is locked by {lock.holder_name} since {since}: {lock.reason}."


async def check_free(conn: Conn, act: Act, project_id: int, environment: str, *, doing: str) -> None:
    """Let pass who may deploy to an environment, as far as locks go; `doing` completes "so you cannot ...".

    Raises:
        Held: somebody else holds it.
    """
    lock = await find_other(conn, act, project_id, environment)
    if lock is not None:
        raise Held(lock, doing=doing, tz=act.person.tz if act.person else "UTC")


async def find_other(conn: Conn, act: Act, project_id: int, environment: str) -> Lock | None:
    """The lock of an environment, where somebody else holds it than the person who acts."""
    lock = await locks.find_lock(conn, project_id, environment)
    return None if lock is None or (act.person and lock.holder_id == act.person.user_id) else lock


async def wait(deps: Deps, person: Actor, held: Held, deployment_id: int) -> BotError:
    """Note that a person waits for a lock which kept them from starting a deployment; what they are told."""
    lock = held.lock
    async with deps.pool.transaction() as conn:
        waits = await locks.insert_waiter(
            conn, lock.project_id, lock.environment, person.user_id, deployment_id, deps.now()
        )
    label = deployment_label(deployment_id)
    if not waits:
        return WrongState(f"{held} The lock was released just now: try again. `/deploy start {label}`")
    return WrongState(f"{held} I will tell you by direct message when it is free.")


async def take(deps: Deps, act: Act, person: Actor, place: Place, reason: str) -> Taken:
    """Lock an environment, unless somebody else holds it; its holder may give another reason.

    Raises:
        BadInput: no such project, or an archived one.
    """
    project = await projects.named(deps, place.project)
    async with deps.transaction(act) as conn:
        await projects.check_chosen(conn, project.id, what="deployments")
        args = (project.id, place.environment)
        is_new = await locks.insert_lock(conn, *args, person.user_id, reason, deps.now())
        lock = await _get(conn, *args)
        if lock.holder_id != person.user_id:
            return Taken(lock, held=True)
        if not is_new:
            await locks.update_lock(conn, *args, person.user_id, reason, deps.now())
        return Taken(await _get(conn, *args), kept=not is_new)


async def take_over(deps: Deps, act: Act, person: Actor, wanted: TakeOver) -> Lock:
    """Take a lock from its holder, who is told.

    Raises:
        WrongState: it is not the lock any more that the person was asked about.
    """
    args = (wanted.project_id, wanted.environment)
    async with deps.transaction(act) as conn:
        await projects.check_chosen(conn, wanted.project_id, what="deployments")
        before = await locks.find_held(conn, *args)
        if before is not None and before.holder_id == person.user_id:
            raise WrongState(f"{before.project_name} on {before.environment} is already locked by you.")
        if before is not None and before.holder_id != wanted.holder_id:
            raise WrongState(
                f"{held_by(before, person.tz)} That is somebody else than you were asked about: ask again."
            )
        if before is None:
            await locks.insert_lock(conn, *args, person.user_id, wanted.reason, deps.now())
        else:
            await locks.update_lock(conn, *args, person.user_id, wanted.reason, deps.now())
            await locks.delete_waiters(conn, *args, person.user_id)
            await _tell(conn, deps, before.holder_slack_id, views.lost_dm(before, person.name, wanted.reason))
        return await _get(conn, *args)


async def release(deps: Deps, act: Act, person: Actor, place: Place) -> tuple[Lock, int]:
    """Unlock an environment: its holder, or an admin. Who waits is told, and a holder who was passed over.

    Returns:
        The lock that was, and how many people were told.

    Raises:
        BadInput: no such project.
        WrongState: it is not locked.
        Forbidden: it is somebody else's.
    """
    project = await projects.named(deps, place.project)
    args = (project.id, place.environment)
    async with deps.transaction(act) as conn:
        lock = await locks.find_held(conn, *args)
        if lock is None:
            raise WrongState(f"{project.name} on {place.environment} is not locked, so nothing was changed.")
        if lock.holder_id != person.user_id and not allows(person.role, Role.ADMIN):
            raise Forbidden(
                f"{held_by(lock, person.tz)} Only its holder or an admin can unlock it. To take it over: "
                f'`/deploy lock "{lock.project_name}" {lock.environment} REASON`'
            )
        waiting = await locks.delete_waiters(conn, *args)
        await locks.delete_lock(conn, *args)
        if lock.holder_id != person.user_id:
            await _tell(conn, deps, lock.holder_slack_id, views.lost_dm(lock, person.name, None))
        return lock, await _tell_waiting(conn, deps, lock, person, waiting)


async def release_all(conn: Conn, deps: Deps, person: Actor, holder_id: int) -> int:
    """Release whatever somebody holds who has left; who waits is told. Returns how many locks that were."""
    held = await leftovers.list_held(conn, holder_id)
    released = 0
    for place in held:
        lock = await locks.find_held(conn, *place)
        if lock is None or lock.holder_id != holder_id:
            continue
        waiting = await locks.delete_waiters(conn, *place)
        await locks.delete_lock(conn, *place)
        await _tell_waiting(conn, deps, lock, person, waiting)
        released += 1
    return released


async def _tell_waiting(conn: Conn, deps: Deps, lock: Lock, person: Actor, waiting: list[Waiter]) -> int:
    by_person: dict[str, list[int]] = defaultdict(list)
    for waiter in waiting:
        if waiter.slack_user_id is not None and waiter.user_id != person.user_id:
            by_person[waiter.slack_user_id].append(waiter.deployment_id)
    for slack_user_id, deployment_ids in by_person.items():
        await _tell(conn, deps, slack_user_id, views.free_dm(lock, person.name, deployment_ids))
    return len(by_person)


async def _tell(conn: Conn, deps: Deps, slack_user_id: str | None, message: Message) -> None:
    if slack_user_id is not None:
        key = f"lock:{uuid4().hex}"
        await outbox.enqueue_dm(
            conn, user=slack_user_id, text=message.text, blocks=message.blocks, key=key, now=deps.now()
        )


async def _get(conn: Conn, project_id: int, environment: str) -> Lock:
    """The lock, which stays; between finding it taken and reading it, it may have been released."""
    lock = await locks.find_held(conn, project_id, environment)
    if lock is None:
        raise WrongState("The lock was released just now. Please try again.")
    return lock
