"""Archives on disk: made under a name that nobody takes for one, sealed, renamed, copied, deleted. All of it blocks.

Beside each archive lies a small file with its digest and contents, so that it can be restored and compared when the
database that recorded it is lost.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from bot.errors import BotError
from db.models_backups import Contents

SUFFIX: Final = ".dump"
_PARTIAL: Final = ".partial"
_LABEL: Final = ".json"
_CHUNK: Final = 1024 * 1024
_STRANGE: Final = re.compile(r"[^A-Za-z0-9_]+")  # the first hyphen ends it


class BackupFailed(BotError):
    """No backup came of it, or an archive is not what it should be; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Label:
    """What is written beside an archive. `made_at` in UTC."""

    sha256: str
    made_at: datetime
    contents: Contents | None


def directory_for(directory: Path) -> Path:
    """Make the directory where need be, closed to others.

    Raises:
        BackupFailed: it cannot be made, or not be written to.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BackupFailed(_refused("made", directory, error)) from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise BackupFailed(f"The directory {directory} cannot be written to. {_OWN_IT}")
    return directory


def archive_name(database: str, at: datetime, number: int) -> str:
    """The name of an archive: which database, when (UTC), and the number of the run."""
    return f"{plain_name(database)}-{at:%Y%m%dT%H%M%SZ}-{number}{SUFFIX}"


def plain_name(database: str) -> str:
    """A database's name as part of a file's name."""
    return _STRANGE.sub("_", database)[:100] or "_"


@contextmanager
def partial(directory: Path, name: str) -> Iterator[Path]:
    """A file to write to, readable by us alone; gone at the end unless it was renamed.

    It is locked while we live, so that a later run can tell it from what a killed one has left.

    Raises:
        BackupFailed: it cannot be made.
    """
    path = directory / f".{name}{_PARTIAL}"
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise BackupFailed(_refused("written to", directory, error)) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


def remove_leftovers(directory: Path, database: str) -> list[str]:
    """Remove what killed runs for this database have left; the names."""
    gone = []
    for path in sorted(directory.glob(f".{plain_name(database)}-*{SUFFIX}{_PARTIAL}")):
        with suppress(FileNotFoundError), path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # somebody with a database of the same name is writing it
            path.unlink()
            gone.append(path.name)
    return gone


def seal(path: Path) -> None:
    """Have the file on the disk, not only in memory. Raises BackupFailed."""
    try:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise BackupFailed(_refused("written to", path.parent, error)) from error


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal. Raises OSError."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha.update(chunk)
    return sha.hexdigest()


def publish(scratch: Path, archive: Path, label: Label) -> None:
    """Give an archive its name, with its label beside it; both are on the disk afterwards.

    Raises:
        BackupFailed: neither is there.
    """
    beside = label_of(archive)
    try:
        _write(beside, label)
        scratch.rename(archive)
        _sync_directory(archive.parent)
    except OSError as error:
        for path in (archive, beside):
            path.unlink(missing_ok=True)
        raise BackupFailed(_refused("written to", archive.parent, error)) from error


def copy(archive: Path, directory: Path, sha256: str) -> None:
    """Copy an archive and its label to another directory, and read the copy back.

    Raises:
        BackupFailed: there is no copy.
    """
    directory_for(directory)
    target = directory / archive.name
    with partial(directory, archive.name) as scratch:
        try:
            shutil.copyfile(archive, scratch)
            seal(scratch)
            if digest(scratch) != sha256:
                raise BackupFailed(f"The copy in {directory} differs from the archive; its disk may be failing.")
            shutil.copyfile(label_of(archive), label_of(target))
            scratch.rename(target)
            _sync_directory(directory)
        except OSError as error:
            raise BackupFailed(_refused("written to", directory, error)) from error


def remove(archive: Path) -> None:
    """Delete an archive and its label, where they are there. Raises OSError."""
    archive.unlink(missing_ok=True)
    label_of(archive).unlink(missing_ok=True)


def label_of(archive: Path) -> Path:
    """The file beside an archive."""
    return archive.with_name(archive.name + _LABEL)


def read_label(archive: Path) -> Label | None:
    """What is written beside an archive, None where there is nothing that makes sense."""
    try:
        said = json.loads(label_of(archive).read_text(encoding="utf-8"))
        return Label(str(said["sha256"]), datetime.fromisoformat(said["made_at"]), Contents.from_json(said["contents"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def full_disk(said: str) -> bool:
    """Whether these words are about a full disk."""
    return os.strerror(errno.ENOSPC) in said or os.strerror(errno.EDQUOT) in said


def _write(path: Path, label: Label) -> None:
    said = {
        "sha256": label.sha256,
        "made_at": label.made_at.isoformat(),
        "contents": label.contents.as_json() if label.contents else None,
    }
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        json.dump(said, file)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    opened = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


_OWN_IT: Final = "Make it writable for the user that runs `techops`, or set BACKUP_DIR to another one."


def _refused(what: str, directory: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk of {directory} is full. Make room there, or set BACKUP_DIR to a larger one."
    return f"The directory {directory} cannot be {what}: {error.strerror or error}. {_OWN_IT}"
