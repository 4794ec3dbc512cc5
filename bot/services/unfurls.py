"""Links to records that somebody shares: what is asked of the worker, which shows them."""

from pydantic import BaseModel, ConfigDict

from bot.auth import Actor
from bot.context import Act, Deps
from bot.rules.unfurls import Link, Shared
from bot.views.unfurls import Preview, deployment_preview, request_preview
from db.models import SubjectKind
from db.pool import Conn
from db.queries import deployments, outbox, requests

ENTRY = "unfurl"


class Wanted(BaseModel):
    """Payload of entry point `unfurl`: who shares which links where; a message, or one that is being written."""

    model_config = ConfigDict(frozen=True)

    team: str
    user: str
    links: tuple[Link, ...]
    channel: str
    ts: str
    unfurl_id: str
    abroad: bool | None


async def ask(deps: Deps, act: Act, person: Actor, shared: Shared) -> None:
    """Have the worker show the links; once for an event."""
    async with deps.transaction(act) as conn:
        wanted = Wanted(
            team=person.team_id,
            user=person.slack_user_id,
            links=shared.links,
            channel=shared.channel,
            ts=shared.ts,
            unfurl_id=shared.unfurl_id,
            abroad=shared.abroad,
        )
        await outbox.insert_jobs(conn, [outbox.NewJob(ENTRY, wanted.model_dump_json())])


async def preview(conn: Conn, link: Link) -> Preview | None:
    """The record behind a link as it is now; None where there is none."""
    if link.kind == SubjectKind.MAINTENANCE:
        request = await requests.find_request(conn, link.id)
        return request_preview(request) if request else None
    deployment = await deployments.find_deployment(conn, link.id)
    return deployment_preview(deployment) if deployment else None
