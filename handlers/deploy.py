"""`/deploy`: what reads deployments."""

from zoneinfo import ZoneInfo

from bot.context import Deps
from bot.registry import Ask, action, command
from bot.rules import deploy as rules
from bot.rules.deploy_forms import read_page_value
from bot.services import deploy_lists as lists
from bot.views import deployments as views
from bot.views.answers import Answer


@command("deploy", help="What runs where")
async def overview(_ask: Ask, deps: Deps) -> Answer:
    """What runs where, in every project."""
    return _what_runs(await lists.what_runs(deps, None))


@command(
    "deploy",
    "status",
    usage="status [PROJECT]",
    help="What runs where: version, environment, who, when, locks and freezes",
    examples=["status", "status Web App"],
)
async def status(ask: Ask, deps: Deps) -> Answer:
    """What runs where, in one project or in all."""
    return _what_runs(await lists.what_runs(deps, rules.parse_status(ask.text)))


@command(
    "deploy",
    "list",
    usage="list [project: env: status:]",
    help="Lists deployments, ten a page, the newest first",
    examples=["list", 'list project:"Web App" env:production status:failed'],
)
async def list_deployments(ask: Ask, deps: Deps) -> Answer:
    """The first page of a list."""
    found = await lists.first_page(deps, rules.parse_list(ask.text))
    return views.deployment_list(found.page, heading=_heading(found))


@action(views.NEXT)
@action(views.PREVIOUS)
async def turn_page(ask: Ask, deps: Deps) -> Answer:
    """Another page of a list, in the place of the one that was there."""
    found = await lists.page(deps, *read_page_value(ask.value))
    return views.deployment_list(found.page, heading=_heading(found), replace=True)


@command("deploy", "show", usage="show ID", help="Shows one deployment in full", examples=["show D-17"])
async def show(ask: Ask, deps: Deps) -> Answer:
    """One deployment with its latest changes and buttons."""
    it = await lists.show(deps, rules.parse_show(ask.text))
    zone = ZoneInfo(deps.settings.dashboard_timezone)
    return views.show(it.row, it.changes, it.collisions, it.lock, names=it.names, zone=zone, approval=it.approval)


def _what_runs(it: lists.WhatRuns) -> Answer:
    name = it.project.name if it.project else None
    return views.what_runs(it.places, it.locks, it.freezes, project_name=name, more=it.more)


def _heading(found: lists.Listing) -> str:
    return views.list_heading(found.project_name, found.view.environment, found.view.status)
