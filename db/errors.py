"""What can go wrong with the database, in terms that a caller can act on.

asyncpg has one class for each of some 250 error codes. Nobody above `db` should have to know them: they are translated
here into nine that differ in what the caller can do.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg


class DatabaseError(Exception):
    """The database refused or failed; the base of everything that `db` raises.

    `sqlstate` is PostgreSQL's five-letter code where the server gave one, else None.
    """

    def __init__(self, message: str, *, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class Unavailable(DatabaseError):
    """No connection: refused, lost, the pool was exhausted, or the server is starting or stopping. Try again later."""


class Timeout(DatabaseError):
    """The statement waited or ran too long, was cancelled, or gave way in a deadlock. Nothing was changed by it."""


class NotFound(DatabaseError):
    """There is no such row; raised by the queries named `get_`."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"There is no {kind} {key}.")
        self.kind = kind
        self.key = key


class ConstraintError(DatabaseError):
    """A constraint refused the row; `constraint` is its name ('' where the server gave none)."""

    def __init__(self, message: str, *, constraint: str, sqlstate: str | None = None) -> None:
        super().__init__(message, sqlstate=sqlstate)
        self.constraint = constraint


class Conflict(ConstraintError):
    """A row with the same unique key is there already."""


class ReferencedGone(ConstraintError):
    """The row refers to another that does not exist (any more), or is still referred to."""


class CheckFailed(ConstraintError):
    """A CHECK or NOT NULL constraint refused a value."""


class NotAllowed(DatabaseError):
    """The role in use lacks a right; the message names what on. `techops migrate` gives techops_app what it needs."""


class DataRejected(DatabaseError):
    """A value does not fit its type: too long, out of range, not a date, or text with a NUL byte."""


def translate(exc: BaseException) -> DatabaseError | None:
    """The error in our own terms, or None where it did not come from the database."""
    if isinstance(exc, DatabaseError):
        return exc
    if isinstance(exc, asyncpg.IntegrityConstraintViolationError):
        return _constraint(exc)
    for matches, kind, sentence in _KINDS:
        if matches(exc):
            return kind(f"{sentence}: {exc or type(exc).__name__}", sqlstate=_sqlstate(exc))
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Raise what the block raises in our own terms; errors of other origin pass unchanged.

    Inside a transaction it is of use around a statement with its own savepoint (`async with conn.transaction()`), to
    react to a Conflict without losing the rest.
    """
    try:
        yield
    except DatabaseError:
        raise
    except Exception as exc:
        ours = translate(exc)
        if ours is None:
            raise
        raise ours from exc


@contextmanager
def translated_connecting() -> Iterator[None]:
    """As `translated`, for opening a connection: there whatever goes wrong means Unavailable."""
    try:
        with translated():
            yield
    except Unavailable:
        raise
    except (DatabaseError, OSError, ValueError) as exc:  # ValueError: an address that makes no sense
        reason = exc.__cause__ if isinstance(exc, DatabaseError) else exc
        raise Unavailable(f"The database cannot be reached: {reason or 'no connection in time'}") from exc


def _constraint(exc: asyncpg.IntegrityConstraintViolationError) -> ConstraintError:
    name = getattr(exc, "constraint_name", None) or ""
    kind: type[ConstraintError] = CheckFailed
    if isinstance(exc, _CONFLICT):
        kind = Conflict
    elif isinstance(exc, (asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError)):
        kind = ReferencedGone
    return kind(str(exc), constraint=name, sqlstate=_sqlstate(exc))


def _sqlstate(exc: BaseException) -> str | None:
    code = getattr(exc, "sqlstate", None)
    return code if isinstance(code, str) else None


_UNAVAILABLE = (
    ConnectionError,
    asyncpg.InternalClientError,  # "cannot switch to state": the server has said goodbye, and the connection is closing
    # a migration has changed a table under a prepared statement: it is prepared anew the next time
    asyncpg.InvalidCachedStatementError,
    asyncpg.OutdatedSchemaCacheError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
_TIMED_OUT = (
    TimeoutError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
_DATA_REJECTED = (asyncpg.DataError, UnicodeEncodeError)
_CONFLICT = (asyncpg.UniqueViolationError, asyncpg.ExclusionViolationError)
# asyncpg has one InterfaceError for a connection that is gone and for a caller's mistake; only its text tells which.
_GONE = ("is closed", "is closing", "was closed", "has been released", "connection is not")


def _connection_gone(exc: BaseException) -> bool:
    return isinstance(exc, asyncpg.InterfaceError) and any(words in str(exc) for words in _GONE)


def _refused_before_sending(exc: BaseException) -> bool:
    # asyncpg encodes parameters itself; its error for that has no public name but is both of these
    return isinstance(exc, asyncpg.InterfaceError) and isinstance(exc, ValueError)


_KINDS: Final[tuple[tuple[Callable[[BaseException], bool], type[DatabaseError], str], ...]] = (
    (lambda exc: isinstance(exc, _UNAVAILABLE) or _connection_gone(exc), Unavailable, "The database cannot be reached"),
    (lambda exc: isinstance(exc, _TIMED_OUT), Timeout, "The database took too long"),
    (
        lambda exc: isinstance(exc, _DATA_REJECTED) or _refused_before_sending(exc),
        DataRejected,
        "The database does not take this value",
    ),
    (
        lambda exc: isinstance(exc, asyncpg.InsufficientPrivilegeError),
        NotAllowed,
        "The database role lacks a right (`techops migrate` gives techops_app those that this program needs)",
    ),
    (lambda exc: isinstance(exc, asyncpg.PostgresError), DatabaseError, "The database refused"),
)
