"""What has to be true after a storm, however bad it was."""

import json
from collections import Counter
from collections.abc import Iterator

import asyncpg

from bot.views.wording import status_label
from sandbox.records import Message
from sandbox.workspace import Workspace
from tests.faults.people import Act, Crowd, Told

FIND = {
    "deployment": "SELECT version AS word, count(*) AS rows FROM deployments GROUP BY version",
    "request": "SELECT title AS word, count(*) AS rows FROM maintenance_requests GROUP BY title",
    "comment": "SELECT body AS word, count(*) AS rows FROM techops.comments GROUP BY body",
}
QUIET = """
SELECT NOT EXISTS (SELECT FROM techops.pgqueuer WHERE status <> 'failed')
    AND NOT EXISTS (SELECT FROM techops.ledger WHERE posted_at IS NULL)
"""
WAITING = """
SELECT entrypoint, status, count(*) AS jobs, max(attempts) AS attempts, max(execute_after - now()) AS due_in
FROM techops.pgqueuer GROUP BY entrypoint, status
"""
HELD = "SELECT entrypoint, count(*) AS jobs FROM techops.pgqueuer GROUP BY entrypoint"
# A card belongs to every record but those of a bulk change that nothing has touched since.
RECORDS = {
    ("MR-", "ops"): """
        SELECT r.id, r.status, r.title NOT LIKE 'bulk%' AS told FROM maintenance_requests AS r
    """,
    ("D-", "deployments"): "SELECT d.id, d.status, true AS told FROM deployments AS d",
}

# Of what the dashboard has made and nobody has moved since: it was due before anybody heard of it.
NOT_REMINDED = """
SELECT r.id FROM maintenance_requests AS r
WHERE r.due_date < now() AND r.status IN ('open', 'in_progress')
    AND NOT EXISTS (SELECT FROM techops.reminders_sent AS s WHERE s.request_id = r.id AND s.user_id IS NOT NULL)
"""
# One message a person and moment. It is owed where a request of it is as it was when somebody was to be reminded of it.
REMINDERS = """
SELECT m.key, s.user_id, s.sent_at, bool_or(NOT EXISTS (
        SELECT FROM techops.activity AS a
        WHERE a.subject_kind = 'maintenance' AND a.subject_id = s.request_id AND a.at >= s.sent_at - interval '1 minute'
            AND coalesce(a.old, '{}') ?| ARRAY['status', 'assigned_to', 'due_date']
    )) AS is_owed
FROM techops.reminders_sent AS s
LEFT JOIN techops.messages AS m ON m.planned_at = s.sent_at AND m.key LIKE 'reminder:' || s.user_id || ':%'
WHERE s.reached AND s.user_id IS NOT NULL
GROUP BY m.key, s.user_id, s.sent_at
"""


async def faults(crowd: Crowd, slack: Workspace, dsn: str) -> list[str]:
    """Everything that is wrong; an empty list is what is wanted."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = {kind: {it["word"]: it["rows"] for it in await connection.fetch(FIND[kind])} for kind in FIND}
        records = {place: await connection.fetch(RECORDS[place]) for place in RECORDS}
        held = [f"held: {it['jobs']} of {it['entrypoint']}" for it in await connection.fetch(HELD)]
        reminders = await connection.fetch(REMINDERS)
        forgotten = [f"nobody was reminded of MR-{it['id']}" for it in await connection.fetch(NOT_REMINDED)]
    finally:
        await connection.close()
    return [
        *(fault for act in crowd.acts for fault in of_act(act, rows[act.kind].get(act.word, 0))),
        *held,
        *forgotten,
        *of_reminders(reminders, slack),
        *said_twice(slack),
        *said_of_comments(crowd, rows["comment"], slack),
        *(fault for (prefix, channel), found in records.items() for fault in of_cards(prefix, channel, found, slack)),
    ]


def of_act(act: Act, rows: int) -> Iterator[str]:
    """Done is there once, refused left nothing, and who was told nothing finds it once at most."""
    wanted = {Told.DONE: {1}, Told.REFUSED: {0}, Told.UNSURE: {0, 1}}[act.told]
    if rows not in wanted:
        yield f"{act.kind} {act.word} was told as {act.told} and has {rows} rows: {act.answer!r}"


def bots(slack: Workspace) -> Iterator[Message]:
    """Every message of the bot."""
    for channel in slack.channels.values():
        yield from (it for it in channel.messages.values() if it.user == slack.bot.id)


def said_twice(slack: Workspace) -> Iterator[str]:
    """No two messages carry the same key."""
    keys = Counter(json.dumps(it.metadata, sort_keys=True) for it in bots(slack) if it.metadata)
    yield from (f"said {number} times: {key}" for key, number in keys.items() if number > 1)


def keys(slack: Workspace) -> Counter[str]:
    """How often each key was said."""
    return Counter(str(it.metadata["event_payload"]["key"]) for it in bots(slack) if it.metadata)


def of_reminders(reminders: list[asyncpg.Record], slack: Workspace) -> Iterator[str]:
    """What was noted as said was said, once; where it was settled in the meantime, once at most."""
    said = keys(slack)
    for it in reminders:
        number = said[it["key"]]
        if number > 1 or (number == 0 and it["is_owed"]):
            yield f"person {it['user_id']} was reminded {number} times at {it['sent_at']}: {it['key']}"


def said_of_comments(crowd: Crowd, kept: dict[str, int], slack: Workspace) -> Iterator[str]:
    """Every comment that was kept stands in a thread once."""
    lines = [it.text + json.dumps(it.blocks) for it in bots(slack) if it.thread_ts]
    for act in crowd.acts:
        if act.kind == "comment" and kept.get(act.word):
            number = sum(1 for line in lines if f"{act.word}" in line)
            if number != 1:
                yield f"comment {act.word} is told {number} times"


def of_cards(prefix: str, channel: str, rows: list[asyncpg.Record], slack: Workspace) -> Iterator[str]:
    """One card a record, which shows its present status."""
    cards: dict[int, list[str]] = {}
    for message in slack.channel(channel).messages.values():
        shown = json.dumps(message.blocks)
        if message.user == slack.bot.id and not message.thread_ts and message.blocks:
            heading = str(message.blocks[0].get("text", {}).get("text", ""))
            if heading.startswith(prefix):
                cards.setdefault(int(heading[len(prefix) :].split(maxsplit=1)[0]), []).append(shown)
    for row in rows:
        found = cards.get(row["id"], [])
        if row["told"] and len(found) != 1:
            yield f"{prefix}{row['id']} has {len(found)} cards"
        if found and status_label(row["status"]) not in found[0]:
            yield f"the card of {prefix}{row['id']} does not show {row['status']}"
