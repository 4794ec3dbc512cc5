"""Projects: the one that was named, and those that can be chosen."""

from typing import Final

from bot.context import Deps
from bot.errors import BadInput
from bot.rules.ids import DIGITS, LARGEST
from bot.rules.suggest import closest
from bot.rules.validate import check_project
from bot.rules.wording import bad, listed, quoted
from db.models import Project
from db.pool import Conn
from db.queries import projects

OFFERED: Final = 99
NAMED_AT_MOST: Final = 8


async def named(deps: Deps, name: str, *, for_new: bool = False) -> Project:
    """The project that a person means by a name, whatever its case, or by #NUMBER.

    `for_new`: it has to take new requests.

    Raises:
        BadInput: there is none (with the one that was meant, where it can be guessed), there are several, or it is
            archived; field "project".
    """
    async with deps.pool.acquire() as conn:
        found = await projects.list_named(conn, name.strip()) or await _numbered(conn, name)
        known = [] if found else await projects.list_names(conn)
    if not found:
        raise _unknown(name, known)
    live = [project for project in found if project.status != "archived"]
    if len(live or found) > 1:
        raise _several(name, live or found)
    project = (live or found)[0]
    if for_new:
        check_project(project.name, project.status)
    return project


async def offered(deps: Deps, typed: str) -> list[Project]:
    """Projects that can be chosen and match what was typed, the likeliest first; 99 at most."""
    async with deps.pool.acquire() as conn:
        return await projects.list_offered(conn, typed.replace("\x00", "").strip(), OFFERED)


async def check_chosen(conn: Conn, project_id: int, *, what: str = "requests") -> None:
    """Let pass a project that takes something new, and see to it that it does until the end of the transaction.

    Raises:
        BadInput: it is archived or gone; field "project".
    """
    project = await projects.find_held(conn, project_id)
    if project is None:
        raise bad("That project is gone from the dashboard. Choose another.", field="project")
    check_project(project.name, project.status, what=what)


async def _numbered(conn: Conn, name: str) -> list[Project]:
    digits = name.strip().removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS and 0 < int(digits) <= LARGEST):
        return []
    project = await projects.find_project(conn, int(digits))
    return [project] if project else []


def _unknown(name: str, known: list[str]) -> BadInput:
    near = closest(name, known)
    hint = f" Did you mean {near}?" if near else ""
    some = f" There are {listed(known, last='and')}." if 0 < len(known) <= NAMED_AT_MOST else ""
    return bad(f"There is no project {quoted(name)}.{hint}{some}", field="project")


def _several(name: str, found: list[Project]) -> BadInput:
    each = listed((f"#{p.id} ({p.group_name or 'no group'})" for p in found), last="and")
    return bad(
        f"{len(found)} projects are called {quoted(name)}: {each}. Name the one you mean by its number.",
        example=f"project:#{found[0].id}",
        field="project",
    )
