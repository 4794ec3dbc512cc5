"""How the database does, on the App Home of admins."""

from datetime import datetime

from bot.rules.care import size
from bot.views import kit
from bot.views.answers import Block
from bot.views.kit import Part
from bot.views.wording import count, line
from db.models_home import DatabaseHealth, Health

# A job that is due for five minutes is taken by nobody.
_LATE_SECONDS = 300
_A_DAY = 86_400
_LATE_DAYS = 2


def health_blocks(it: Health, now: datetime) -> list[Block]:
    """Show backup, nightly maintenance, size, queue and transactions, each with what to do where it is not in order."""
    database = it.database
    lines = [_backup(database, now), _care(database, now), _size(database), _queue(it), _transactions(database)]
    return [kit.header("Health"), *(kit.note(*parts) for parts in lines)]


def _backup(it: DatabaseHealth, now: datetime) -> list[Part]:
    if it.verified_at is None:
        proof: list[Part] = ["no verified backup yet", *kit.code_parts("; make one: `/techops db backup run`")]
    else:
        late = (now - it.verified_at).total_seconds() > _LATE_DAYS * _A_DAY
        proof = ["last one proved by a restore: ", it.verified_at, " (more than two days ago)" if late else ""]
    last: list[Part] = []
    if it.last_backup_at is not None and it.last_backup_status != "verified":
        status = line(it.last_backup_status or "unknown", 30)
        last = [f". The newest ({status}) is of ", it.last_backup_at, *kit.code_parts(": `/techops db backup list`")]
    return [kit.Bold("Backup"), ": ", *proof, *last, "."]


def _care(it: DatabaseHealth, now: datetime) -> list[Part]:
    if it.care_at is None:
        return [kit.Bold("Nightly maintenance"), ": has not run yet."]
    late = (now - it.care_at).total_seconds() > _LATE_DAYS * _A_DAY
    failed = f", {count(it.care_failed, 'step')} failed: see its thread" if it.care_failed else ""
    status = line(it.care_status or "unknown", 30)
    ending = " (more than two days ago: is a scheduler running?)" if late else ""
    return [kit.Bold("Nightly maintenance"), f": {status}{failed}, ", it.care_at, ending, "."]


def _size(it: DatabaseHealth) -> list[Part]:
    if it.table_bytes is None or it.measured_at is None:
        sizes = kit.code_parts("written down by the nightly maintenance; `/techops db sizes` shows them now")
        return [kit.Bold("Size"), ": ", *sizes, "."]
    return [kit.Bold("Size"), f": {size(it.table_bytes)} in tables and indexes, measured ", it.measured_at, "."]


def _queue(it: Health) -> list[Part]:
    late = it.oldest_seconds > _LATE_SECONDS
    waits = f", the oldest for {it.oldest_seconds:,.0f} s: is a worker running?" if late else ""
    held = f"{it.held:,} held: `techops queue list`" if it.held else "none held"
    queue = f": {count(it.due, 'job')} due{waits}, {it.waiting:,} waiting, "
    return [kit.Bold("Queue"), queue, *kit.code_parts(held), "."]


def _transactions(it: DatabaseHealth) -> list[Part]:
    told: list[Part] = ["none is longer than five minutes"]
    if it.long_transactions:
        minutes = it.longest_seconds / 60
        long = f"{count(it.long_transactions, 'transaction')} longer than five minutes, the longest {minutes:,.0f} min"
        told = [long, *kit.code_parts(": `/techops db long`")]
    hidden = it.hidden_sessions
    unseen = f"; {count(hidden, 'session')} of other roles cannot be looked into" if hidden else ""
    return [kit.Bold("Transactions"), ": ", *told, unseen, "."]
