"""One PostgreSQL cluster on disk: make it, launch its server, see whether one runs, end it. Everything here blocks."""

import hashlib
import os
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from db.embedded_binaries import Binaries, EmbeddedError, ServerUser
from db.embedded_process import is_server

PORT: Final = 5432  # only part of the socket's name: nothing listens on the network
SUPERUSER: Final = "postgres"

_LONGEST_SOCKET: Final = 100  # bytes; the systems' limits are 104 (macOS) and 108 (Linux), the ending 0 included
_INITDB_SECONDS: Final = 120
_FAST_SECONDS: Final = 20
_IMMEDIATE_SECONDS: Final = 5
_POLL_SECONDS: Final = 0.02
_LARGEST_LOG: Final = 10 * 1024 * 1024
_TAIL_BYTES: Final = 2000

_HINTS: Final = (
    ("No space left on device", "The disk is full; make room and start again."),
    ("could not create shared memory", "The system gives no shared memory; see the server's message."),
    ("Permission denied", "The server's user may not enter or write a directory named in its message."),
    ("incompatible with server", "The data belongs to another version of PostgreSQL."),
    ("could not bind", "Its socket cannot be made; see the server's message."),
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """The files of one cluster below `base`, the programs to run it and the user to run it as."""

    base: Path
    binaries: Binaries
    user: ServerUser | None

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.base / "data"

    @property
    def log(self) -> Path:
        """What the server and initdb say."""
        return self.base / "server.log"

    @property
    def password(self) -> str:
        """The superuser's password; made at random on the first call, readable by us alone."""
        path = self.base / "password"
        if not path.exists() and self.data.exists():
            raise EmbeddedError(f"The password of the embedded database is lost: {path} is missing. Put it back.")
        return _kept_secret(path)

    @property
    def app_password(self) -> str:
        """The password of the bot's own role; made anew where its file is missing, readable by us alone."""
        return _kept_secret(self.base / "app-password")

    @property
    def socket_directory(self) -> Path:
        """Where clients find the socket: the data directory, or a short one where that path is too long."""
        if len(os.fsencode(self.data / f".s.PGSQL.{PORT}")) < _LONGEST_SOCKET:
            return self.data
        return _short_directory(self.data, self.user)

    def create(self) -> None:
        """Make the cluster; half a one, left by a death on the way, is cleared away first."""
        scratch = self.base / "data.new"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        self._give_away(scratch)
        self._initdb(scratch)
        scratch.rename(self.data)

    def launch(self, *, durable: bool) -> subprocess.Popen[bytes]:
        """Start the server; it outlives the terminal's Ctrl-C, and our own death."""
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": "." if self.socket_directory == self.data else str(self.socket_directory),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_preload_libraries": "pg_stat_statements" if self.binaries.has_statement_statistics else "",
        }
        if not durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # left by a killed server; its number may be a stranger's by now, whom PostgreSQL would take for a running one
        (self.socket_directory / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.replace(self.base / "server.log.1")
        with self._writing_log() as log, self._within_reach(self.data) as (data, inherited):
            return subprocess.Popen(  # noqa: S603 - our own server, without a shell
                [str(self.binaries.directory / "postgres"), "-D", data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                pass_fds=inherited,
                start_new_session=True,
                user=self.user.uid if self.user else None,
                group=self.user.gid if self.user else None,
                extra_groups=[] if self.user else None,
            )

    def running(self) -> int | None:
        """The server's process id, or None; a stale postmaster.pid is removed."""
        path = self.data / "postmaster.pid"
        try:
            pid = int(path.read_text(encoding="utf-8").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        if pid > 0 and is_server(pid, self.data):
            return pid
        # as with the socket's lock
        path.unlink(missing_ok=True)
        return None

    def end(self, process: subprocess.Popen[bytes] | None) -> None:
        """Stop the server in order; open transactions are rolled back.

        Args:
            process: the child, where this process launched it.

        Raises:
            EmbeddedError: it is still there afterwards.
        """
        for number, seconds in ((signal.SIGINT, _FAST_SECONDS), (signal.SIGQUIT, _IMMEDIATE_SECONDS)):
            pid = process.pid if process is not None else self.running()
            if pid is None or (process is not None and process.poll() is not None):
                return
            os.kill(pid, number)
            if self._wait_for_end(process, seconds):
                return
        raise EmbeddedError(self.complaint("The embedded database did not stop"))

    def complaint(self, sentence: str) -> str:
        """`sentence`, what it may mean, and the end of the server's log."""
        try:
            tail = self.log.read_bytes()[-_TAIL_BYTES:].decode("utf-8", "replace").strip()
        except OSError:
            tail = ""
        hint = next((hint for words, hint in _HINTS if words in tail), "")
        return f"{sentence}. {hint}\n{self.log} ends with:\n{tail}" if tail else f"{sentence}. {hint}".rstrip()

    def _initdb(self, target: Path) -> None:
        locales = [["--locale=C.UTF-8"], ["--locale=C"]]
        if self.binaries.major >= 17:  # noqa: PLR2004 - the first with a locale of its own, the same on every system
            locales.insert(0, ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"])
        for options in locales:
            if self._try_initdb(target, options):
                return
        raise EmbeddedError(self.complaint("The embedded database cannot be made"))

    def _try_initdb(self, target: Path, locale: list[str]) -> bool:
        options = [
            *("-U", SUPERUSER, "--encoding=UTF8", *locale, "--auth=scram-sha-256", "--pwfile=/dev/stdin"),
            # nothing is lost if the machine dies now: the next start begins anew
            *("--no-sync", "--no-instructions"),
        ]
        with (
            tempfile.TemporaryFile() as password,
            self._writing_log() as log,
            self._within_reach(target) as (data, inherited),
        ):
            password.write(self.password.encode("utf-8"))
            password.seek(0)
            if self.user is not None:
                os.fchown(password.fileno(), self.user.uid, self.user.gid)
            try:
                done = subprocess.run(  # noqa: S603 - our own program, without a shell
                    [str(self.binaries.directory / "initdb"), "-D", data, *options],
                    stdin=password,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=_environment(),
                    pass_fds=inherited,
                    timeout=_INITDB_SECONDS,
                    check=False,
                    user=self.user.uid if self.user else None,
                    group=self.user.gid if self.user else None,
                    extra_groups=[] if self.user else None,
                )
            except subprocess.SubprocessError as exc:
                raise EmbeddedError(self.complaint(f"initdb cannot be run as {self._who}: {exc}")) from exc
        return done.returncode == 0

    @property
    def _who(self) -> str:
        return self.user.name if self.user else "the present user"

    def _writing_log(self) -> BinaryIO:
        # it quotes statements that failed, and with them people's data
        return os.fdopen(os.open(self.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "ab")

    def _give_away(self, directory: Path) -> None:
        if self.user is not None:
            os.chown(directory, self.user.uid, self.user.gid)

    @contextmanager
    def _within_reach(self, directory: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The directory as the server's user can name it, and descriptors that its process must inherit for that."""
        if self.user is None or self.user.reaches(directory):
            yield str(directory), ()
            return
        if not sys.platform.startswith("linux"):
            raise EmbeddedError(
                f"The user {self.user.name}, as whom the database server runs, may not enter {directory}. "
                "Set DATA_DIR to a directory that it can reach."
            )
        # A home of mode 0700 is closed to that user; a directory in it that root has opened and handed over is not.
        opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{opened}", (opened,)
        finally:
            os.close(opened)

    def _wait_for_end(self, process: subprocess.Popen[bytes] | None, seconds: float) -> bool:
        if process is not None:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                return False
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.running() is None:
                return True
            time.sleep(_POLL_SECONDS)
        return False


def _kept_secret(path: Path) -> str:
    if path.exists():
        return path.read_text(encoding="utf-8").strip()
    secret = secrets.token_urlsafe(32)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(secret + "\n")
    return secret


def _short_directory(data: Path, user: ServerUser | None) -> Path:
    uid = user.uid if user is not None else os.geteuid()
    name = f"techops-{uid}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"
    directory = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(directory / f".s.PGSQL.{PORT}")) >= _LONGEST_SOCKET:
        directory = Path("/tmp") / name  # noqa: S108 - its owner and mode are checked below
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        os.chown(directory, uid, user.gid if user is not None else -1)
    entry = directory.lstat()
    if not stat.S_ISDIR(entry.st_mode) or entry.st_uid != uid or entry.st_mode & 0o077:
        raise EmbeddedError(f"{directory} is needed for the database's socket, but it belongs to somebody else.")
    return directory


def _environment() -> dict[str, str]:
    # neither settings that are meant for clients (PGDATA, PGPORT, ...) nor our secrets
    return {"LC_ALL": "C", "PATH": os.defpath}
