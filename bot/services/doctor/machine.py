"""This machine: disks, PostgreSQL's programs, the address that people reach."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bot.services.backups import directory_of
from bot.services.doctor.lines import Line, Looks, fail, ok, skip, warn
from bot.services.doctor.work import has_recent_backup
from db import tools
from db.queries import doctor as looks_at

_GB: Final = 1024**3
_SHORT: Final = _GB
_LOOPBACK: Final = ("localhost", "127.", "::1")


async def settings(looks: Looks) -> Sequence[Line]:
    """What is set up; that it is valid was checked when it was read."""
    it = looks.settings
    listens = "no Slack (sandbox)" if it.slack_bot_token is None else "Socket Mode" if it.socket_mode else "HTTP mode"
    return ok("settings", f"{listens}, {'embedded database' if looks.embedded else 'database configured'}")


async def public_url(looks: Looks) -> Sequence[Line]:
    """Whether links in messages lead somewhere, and Slack's requests and people's passwords travel encrypted."""
    url = looks.settings.public_url
    if url is None:
        if looks.settings.slack_bot_token is None:
            return skip("public address", "PUBLIC_URL is not set; without Slack nobody needs it")
        return warn(
            "public address",
            "PUBLIC_URL is not set, so links to sign in lead to this machine only",
            "Set PUBLIC_URL to the address at which people's browsers reach `techops web`.",
        )
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not host.startswith(_LOOPBACK):
        return fail("public address", f"{url} is not encrypted", "Give it TLS, and write https:// in PUBLIC_URL.")
    if parts.query or parts.fragment or parts.username:
        return fail("public address", f"{url} is no plain address", "PUBLIC_URL is scheme, host and perhaps a path.")
    if host.startswith(_LOOPBACK) and looks.settings.slack_bot_token is not None:
        return warn("public address", f"{url} is this machine", "Others cannot follow links: set PUBLIC_URL to a name.")
    return ok("public address", url)


async def data_disk(looks: Looks) -> Sequence[Line]:
    """Room for the embedded database."""
    return await asyncio.to_thread(_disk, "data directory", looks.settings.data_dir, _SHORT, "DATA_DIR")


async def backup_disk(looks: Looks) -> Sequence[Line]:
    """Whether backups can be written here, and how many more fit."""
    directory = directory_of(looks.deps)
    async with looks.owner.acquire() as conn:
        size = await looks_at.get_database_size(conn)
    there = await asyncio.to_thread(_existing, directory)
    if not os.access(there, os.W_OK | os.X_OK):
        text = f"{directory} cannot be written to by this user"
        fix = "Make it the property of the user that runs `techops worker --care`, mode 0700, or set BACKUP_DIR."
        elsewhere = await has_recent_backup(looks)  # then it is another machine's task
        return warn("backup directory", text, fix) if elsewhere else fail("backup directory", text, fix)
    return await asyncio.to_thread(_disk, "backup directory", directory, max(_SHORT, 2 * size), "BACKUP_DIR")


async def programs(looks: Looks) -> Sequence[Line]:
    """pg_dump and pg_restore for this server."""
    async with looks.owner.acquire() as conn:
        major = (await looks_at.get_session(conn)).major
    try:
        found = await asyncio.to_thread(tools.find, major)
    except tools.ToolsMissing as missing:
        elsewhere = await has_recent_backup(looks)
        text, fix = "pg_dump and pg_restore that fit the server are not here", str(missing)
        return warn("tools", text, fix) if elsewhere else fail("tools", text, fix)
    return ok("tools", f"pg_dump {found[0].version} in {found[0].directory}")


def _disk(name: str, directory: Path, needed: int, variable: str) -> Sequence[Line]:
    try:
        free = shutil.disk_usage(_existing(directory)).free
    except OSError as error:
        return fail(name, f"{directory}: {error.strerror or error}", f"Set {variable} to a directory that can be used.")
    text = f"{directory} has {free / _GB:.1f} GB free"
    if free < needed:
        wanted = f"{needed / _GB:.1f} GB"
        return warn(
            name, text, f"Make room there for {wanted}, or set {variable} to a larger disk (another one, best)."
        )
    return ok(name, text)


def _existing(directory: Path) -> Path:
    """The directory, or the nearest one above it that is there already."""
    return next((path for path in (directory, *directory.absolute().parents) if path.exists()), Path("/"))
