"""What a connection is before anybody uses it: whose rights it has, and how JSON comes and goes."""
# ruff: noqa: ASYNC109 - `timeout` is asyncpg's own parameter

import json
from collections.abc import Mapping
from typing import Any, Final

import asyncpg

from db.errors import DatabaseError

# Nobody changes to a role without rights here, as in a database that was not migrated: its errors explain nothing.
# PostgreSQL 16 tells apart what a member of a role may do.
SET_ROLE: Final = """
SELECT set_config('role', r.rolname, false)
FROM pg_roles AS r
WHERE r.rolname = $1 AND r.rolname <> session_user
    AND pg_has_role(session_user, r.oid, CASE
        WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER'
    END)
    AND has_schema_privilege(r.oid, to_regnamespace('techops'), 'USAGE')
"""


SET_LOCALS: Final = """
SELECT set_config(key, value, true) FROM json_each_text(convert_from('\\x{}'::bytea, 'UTF8')::json)
"""


class Connection(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
    """asyncpg's connection, except that a COMMIT which the server turned into a ROLLBACK is an error.

    It does so, without an error, when a statement of the transaction had failed and somebody ignored that.
    """

    _opening = ""

    def open_with(self, settings: Mapping[str, str]) -> None:
        """Set these until the end of the transaction that begins next, in the round trip of its BEGIN."""
        # Several statements in one message take no parameters; hexadecimal digits need no quoting.
        self._opening = SET_LOCALS.format(json.dumps(dict(settings)).encode().hex()) if settings else ""

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str:
        """Run it and return PostgreSQL's status line."""
        if query == "BEGIN;":
            opening, self._opening = self._opening, ""
            return str(await super().execute(query + opening, timeout=timeout))
        status = str(await super().execute(query, *args, timeout=timeout))
        if query == "COMMIT;" and status == "ROLLBACK":
            raise DatabaseError("Nothing was saved: an earlier statement had failed, and its error was ignored.")
        return status


async def set_up(role: str | None, connection: Any) -> None:
    """Take the rights of `role`, where the connection may and the role has any here; JSON as Python values."""
    if role is not None:
        await connection.execute(SET_ROLE, role)
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
