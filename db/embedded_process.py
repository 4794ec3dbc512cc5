"""Whether a process id that a server left behind still belongs to it."""

import os
import subprocess
from pathlib import Path


def is_server(pid: int, data: Path) -> bool:
    """Whether `pid` is a PostgreSQL server that works in `data`, and neither dead nor somebody else's process."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False  # gone, or somebody else's
    return "postgres" in _command(pid) and _works_in(pid, data)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0", 1)[0].decode(errors="replace")
    except OSError:
        answer = subprocess.run(  # noqa: S603 - fixed words and a number, without a shell
            ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607 - where it lies differs between systems
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
        return answer.stdout


def _works_in(pid: int, data: Path) -> bool:
    link = Path(f"/proc/{pid}/cwd")
    try:
        return link.samefile(data)
    except OSError:
        return True  # no /proc, or a process that hides it: its name and number have to do
