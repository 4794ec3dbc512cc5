"""The audit as a file, put together by a worker and sent to the admin who asked for it."""

import hashlib
from pathlib import PurePath

import structlog

from bot.context import Deps
from bot.delivery.jobs import Job
from bot.delivery.outgoing import OutFile
from bot.delivery.post import NobodyThere, post_once, respect_pause
from bot.errors import Forbidden
from bot.services import audit_log
from bot.views.audit import export_words
from db.queries.outbox import USER_TARGET

_log = structlog.get_logger(__name__)


async def send_audit(deps: Deps, job: Job) -> None:
    """Entry point: a part of its key is put into the file's name, to find it by."""
    wanted = audit_log.Export.model_validate_json(job.payload)
    target = USER_TARGET + wanted.slack_user_id
    await respect_pause(deps, target)
    try:
        made = await audit_log.make_file(deps, wanted)
    except Forbidden as refusal:
        _log.warning("audit_not_sent", user=wanted.user_id, reason=str(refusal))
        return
    name = PurePath(made.filename)
    filename = f"{name.stem}-{hashlib.sha256(wanted.key.encode()).hexdigest()[:8]}{name.suffix}"
    words = export_words(made.rows, made.left)
    try:
        await post_once(deps, OutFile(f"file:{wanted.key}", target, filename, "Audit", made.content, words))
    except NobodyThere as reason:
        _log.warning("A message was dropped: nobody can read it", key=wanted.key, reason=str(reason))
