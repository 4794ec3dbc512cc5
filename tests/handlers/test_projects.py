"""`/project`: lists, one in full, and what makes, changes and archives projects, through signed requests."""

import asyncio
import re

import pytest

from sandbox.acts import Person
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import Insert, told, whispered

ALL = "SELECT * FROM projects ORDER BY id"
FIRST, WEB, OLD = 1, 2, 3


async def row(bot: RunningBot, project_id: int) -> dict[str, object]:
    [found] = await bot.fetch("SELECT * FROM projects WHERE id = $1", project_id)
    return found


async def test_the_list_shows_state_work_and_last_deployment(bot: RunningBot, insert: Insert) -> None:
    await insert(project_id=WEB)
    await insert(project_id=WEB, status="completed")
    await bot.fetch(
        "INSERT INTO deployments (project_id, version, environment, status, deployed_at)"
        " VALUES (2, 'v1', 'staging', 'failed', now() - interval '1 day'), (2, 'v2', 'production', 'success', now())"
    )
    for text in ("", "list"):
        answer = await told(bot.uma, "project", text)
        assert "Projects: 2 projects on this page" in answer, text
        assert "1 open request" in answer
        assert "v2 on production, success" in answer
        assert "nothing deployed yet" in answer
        assert "Old" not in answer
    assert "Old" in await told(bot.uma, "project", "list archived")
    assert "3 projects" in await told(bot.uma, "project", "list all")
    assert "1 project " in await told(bot.uma, "project", "list web")
    assert "there are none" in await told(bot.uma, "project", "list %")
    assert "no group" in await told(bot.uma, "project", "list group:Mobile")
    assert "Did you mean archived" in await told(bot.uma, "project", "list status:archive")


async def test_pages_are_turned_to_the_end_and_back(bot: RunningBot) -> None:
    await bot.fetch("INSERT INTO projects (name) SELECT 'Tool ' || n FROM generate_series(10, 34) AS n")
    ack = await bot.uma.slash("project", "list tool")
    names = [shown(ack.messages[0].blocks)]
    while "projects.list_next" in str(bot.uma.ephemerals("general")[-1].blocks):
        await bot.uma.click(bot.uma.ephemerals("general")[-1], "projects.list_next")
        names.append(shown(bot.uma.ephemerals("general")[-1].blocks))
    assert [name for page in names for name in page] == [f"Tool {n}" for n in range(10, 35)]
    await bot.uma.click(bot.uma.ephemerals("general")[-1], "projects.list_previous")
    assert shown(bot.uma.ephemerals("general")[-1].blocks) == names[1]
    before = len(bot.uma.ephemerals("general"))
    last = bot.uma.ephemerals("general")[-1]
    await bot.uma.click(last, "projects.list_previous", value="bm9uc2Vuc2U=")
    assert len(bot.uma.ephemerals("general")) == before + 1
    assert "another version" in whispered(bot.uma, "general")


def shown(blocks: object) -> list[str]:
    return re.findall(r"'text': '(Tool \d+)'", str(blocks))


async def test_a_project_is_shown_in_full(bot: RunningBot, insert: Insert) -> None:
    number = await insert(project_id=WEB)
    await bot.fetch(
        "UPDATE projects SET production_url = 'https://shop.example.com/?a=1&b=2', staging_url = 'javascript:alert(1)',"
        " docker_image = 'shop:1.0', description = 'Sells <!channel> things' WHERE id = 2"
    )
    await bot.fetch(
        "INSERT INTO deployments (project_id, version, environment, status, deployed_at)"
        " VALUES (2, 'v7', 'production', 'success', now())"
    )
    answer = await told(bot.uma, "project", "show web app")
    assert "<https://shop.example.com/?a=1&amp;b=2>" in answer
    assert "<javascript" not in answer
    assert "shop:1.0" in answer
    assert "v7" in answer
    assert f"MR-{number}" in answer
    assert "projects.edit" not in answer, "a user sees no button that would be refused"
    assert "projects.edit" in await told(bot.ada, "project", "#2")
    assert "no project" in await told(bot.uma, "project", "show Nothing")
    assert "Say which project" in await told(bot.uma, "project", "show")


FULL = {
    "name": "  Pay   roll ",
    "description": "Pays.",
    "repository_url": "https://github.com/company/payroll",
    "production_url": "https://pay.example.com",
    "staging_url": "http://pay.example.com:8080/x",
    "health_check_url": "https://pay.example.com/health",
    "docker_image": "registry/pay-roll:1.2.3",
    "new_group": "Finance",
}


async def new_form(person: Person) -> object:
    return (await person.slash("project", "new")).view


async def test_an_admin_makes_a_project(bot: RunningBot) -> None:
    view = await new_form(bot.ada)
    result = await bot.ada.submit(view, FULL)  # type: ignore[arg-type]
    assert not result.errors
    assert "Pay roll" in whispered(bot.ada, "general")
    [made] = await bot.fetch("SELECT * FROM projects WHERE id > 3")
    kept = {name: value for name, value in FULL.items() if name != "new_group"} | {"name": "Pay roll"}
    assert {name: made[name] for name in kept} == kept
    assert made["status"] == "active"
    [group] = await bot.fetch("SELECT * FROM project_groups")
    assert (group["id"], group["name"]) == (made["group_id"], "Finance")
    [activity] = await bot.fetch("SELECT * FROM techops.activity WHERE subject_kind = 'project' AND subject_id > 3")
    assert (activity["verb"], activity["actor_id"], activity["source"]) == ("created", 1, "slack")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "   ", "empty"),
        ("name", "x" * 256, "at most 255"),
        ("name", "WEB app", "already a project"),
        ("production_url", "javascript:alert(1)", "https://"),
        ("production_url", "ftp://example.com", "https://"),
        ("staging_url", "https://", "https://"),
        ("staging_url", "https://x:secret@example.com", "password"),
        ("repository_url", "https://example.com/" + "x" * 500, "at most 500"),
        ("health_check_url", "https://example .com", "blanks"),
        ("docker_image", "Shop:1", "lower case"),
        ("docker_image", "shop", "NAME:TAG"),
    ],
)
async def test_what_makes_no_sense_is_refused_at_its_field(bot: RunningBot, field: str, value: str, said: str) -> None:
    before = await bot.fetch(ALL)
    view = await new_form(bot.ada)
    result = await bot.ada.submit(view, {"name": "Pay roll", field: value})  # type: ignore[arg-type]
    assert said in result.errors[field]
    assert await bot.fetch(ALL) == before


async def test_two_who_give_the_same_name_at_once_make_one_project(bot: RunningBot) -> None:
    await bot.fetch("UPDATE users SET role = 'admin' WHERE id = 2")
    views = [await new_form(person) for person in (bot.ada, bot.erik)]
    await asyncio.gather(
        *(person.submit(view, {"name": "Same"}) for person, view in zip((bot.ada, bot.erik), views, strict=True))  # type: ignore[arg-type]
    )
    assert len(await bot.fetch("SELECT 1 FROM projects WHERE name = 'Same'")) == 1


async def test_a_project_is_edited_and_keeps_what_was_not_touched(bot: RunningBot) -> None:
    await bot.fetch("INSERT INTO project_groups (name) VALUES ('Web Applications')")
    await bot.fetch("UPDATE projects SET staging_url = 'git@old-style', description = E'One\\r\\ntwo' WHERE id = 2")
    view = (await bot.ada.slash("project", "edit Web App")).view
    assert view is not None
    assert await bot.ada.options(view, "projects.group", "applic")
    await bot.ada.submit(view, {"group": "1", "status": "inactive"})
    now = await row(bot, WEB)
    assert (now["group_id"], now["status"], now["staging_url"]) == (1, "inactive", "git@old-style")
    assert now["description"] == "One\r\ntwo"
    view = (await bot.ada.slash("project", "edit web app")).view
    assert view is not None
    await bot.ada.submit(view)
    assert "nothing in the form was changed" in whispered(bot.ada, "general")
    verbs = await bot.fetch("SELECT verb FROM techops.activity WHERE subject_kind = 'project' AND actor_id = 1")
    assert len(verbs) == 1


async def test_of_two_edits_at_once_the_second_is_refused(bot: RunningBot) -> None:
    shown = (await bot.ada.slash("project", "show Web App")).messages[0]
    view = (await bot.ada.click(shown, "projects.edit")).view
    assert view is not None
    await bot.fetch("UPDATE projects SET docker_image = 'shop:2' WHERE id = 2")
    result = await bot.ada.submit(view, {"name": "Shop"})
    assert "edited by somebody else" in str(result.errors)
    assert (await row(bot, WEB))["name"] == "Web App"


async def test_archiving_warns_asks_and_closes_the_door(bot: RunningBot, insert: Insert) -> None:
    number = await insert(project_id=WEB)
    await bot.fetch(
        "INSERT INTO deployments (project_id, version, environment, status) VALUES (2, 'v1', 'staging', 'in_progress')"
    )
    view = (await bot.ada.slash("project", "archive Web App")).view
    assert view is not None
    assert f"MR-{number}" in str(view.blocks)
    assert "1 deployment" in str(view.blocks)
    assert (await row(bot, WEB))["status"] == "active"
    await bot.ada.submit(view)
    assert (await row(bot, WEB))["status"] == "archived"
    assert "archived now" in whispered(bot.ada, "general")
    assert "archived" in await told(bot.ada, "deploy", "request Web App v2 staging")
    assert "already archived" in await told(bot.ada, "project", "archive Web App")
    assert "unarchive" in await told(bot.ada, "project", "edit Web App")
    assert "active again" in await told(bot.ada, "project", "unarchive Web App")
    assert "already active" in await told(bot.ada, "project", "unarchive Web App")
    message = (await bot.ada.slash("project", "show Web App")).messages[0]
    assert (await bot.ada.click(message, "projects.archive")).view is not None


async def test_groups(bot: RunningBot) -> None:
    assert "no groups yet" in await told(bot.uma, "project", "group")
    assert "was created" in await told(bot.ada, "project", "group new Mobile Apps")
    assert "already a group" in await told(bot.ada, "project", 'group new "mobile apps"')
    assert "is filed under Mobile Apps" in await told(bot.ada, "project", 'group assign "Web App" "Mobile Apps"')
    assert "already in the group" in await told(bot.ada, "project", 'group assign "Web App" #1')
    assert "1 project" in await told(bot.uma, "project", "group list")
    assert "1 project on" in await told(bot.uma, "project", 'list group:"mobile apps"')
    view = (await bot.ada.slash("project", "group edit Mobile Apps")).view
    assert view is not None
    await bot.ada.submit(view, {"name": "Apps", "description": "On telephones"})
    [group] = await bot.fetch("SELECT name, description FROM project_groups")
    assert group == {"name": "Apps", "description": "On telephones"}
    assert "filed under no group" in await told(bot.ada, "project", 'group assign "Web App" none')
    assert "Did you mean Apps" in await told(bot.ada, "project", 'group assign "Web App" App')
    assert "Did you mean assign" in await told(bot.ada, "project", "group asign x y")
    assert "Say a project and its group" in await told(bot.ada, "project", "group assign")
    for text in ("group new", "group edit"):
        assert "Say which group" in await told(bot.ada, "project", text)
    kinds = await bot.fetch("SELECT verb, actor_id FROM techops.activity WHERE subject_kind = 'project_group'")
    assert [tuple(kind.values()) for kind in kinds] == [("created", 1), ("edited", 1)]


ADMINS_ONLY = ["new", "edit Web App", "archive Web App", "unarchive Old"]
ADMINS_ONLY += ["group new X", "group edit X", "group assign Old none"]


@pytest.mark.parametrize("text", ADMINS_ONLY)
async def test_only_admins_change_projects(bot: RunningBot, text: str) -> None:
    before = await bot.fetch(ALL)
    for person in (bot.erik, bot.uma):
        assert "Only an admin" in await told(person, "project", text)
    assert await bot.fetch(ALL) == before


async def test_a_form_of_somebody_who_is_no_admin_any_more_does_nothing(bot: RunningBot) -> None:
    views = [(await bot.ada.slash("project", text)).view for text in ("new", "edit Web App", "archive Web App")]
    before = await bot.fetch(ALL)
    await bot.fetch("UPDATE users SET role = 'engineer' WHERE id = 1")
    for view in views:
        assert view is not None
        values = {"name": "Mine"} if "name" in str(view.blocks) else {}
        result = await bot.ada.submit(view, values)
        assert "Only an admin" in f"{result.errors}{result.ack.body}"
    assert await bot.fetch(ALL) == before
