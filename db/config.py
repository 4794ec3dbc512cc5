"""Where the database is, how it is spoken to, and what that means to asyncpg."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from db.errors import Unavailable

SslMode = Literal["false", "true", "require"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseConfig:
    """Where the database is and how it is used. Times are seconds.

    Either `dsn` (a `postgresql://` address; its own `sslmode` counts unless `ssl` is given) or the parts.
    `ssl`: `true` checks the server's certificate and name against `ssl_root_cert` or the system's authorities,
    `require` encrypts without checking, `false` does not encrypt, None leaves it to the address.
    `role`: whose rights a connection takes, where it may and that role has any here; else it keeps its own.
    `timezone` is the zone in which the dashboard writes its zone-less timestamps.
    """

    dsn: str | None = field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    name: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ssl: SslMode | None = None
    ssl_root_cert: Path | None = None
    role: str | None = None
    timezone: str = "UTC"
    application_name: str = "techops"
    max_size: int = 20
    idle_seconds: float = 30.0
    connect_timeout: float = 2.0
    statement_timeout: float | None = None


def connection_arguments(config: DatabaseConfig) -> dict[str, Any]:
    """What asyncpg.connect and asyncpg.create_pool are given."""
    server_settings = {"TimeZone": config.timezone, "application_name": config.application_name}
    command_timeout = None
    if config.statement_timeout is not None:
        server_settings["statement_timeout"] = str(int(config.statement_timeout * 1000))
        # for a server that no longer answers at all; one that does ends the statement itself, sooner
        command_timeout = config.statement_timeout + 1
    arguments: dict[str, Any] = {
        "dsn": config.dsn,
        "host": config.host,
        "port": config.port,
        "database": config.name,
        "user": config.user,
        "password": config.password,
        "timeout": config.connect_timeout,
        "command_timeout": command_timeout,
        "server_settings": server_settings,
    }
    given = {key: value for key, value in arguments.items() if value is not None}
    return given | _ssl_arguments(config)


def _ssl_arguments(config: DatabaseConfig) -> dict[str, Any]:
    if config.ssl is None:
        return {}
    if config.ssl == "true":
        cafile = str(config.ssl_root_cert) if config.ssl_root_cert else None
        try:
            return {"ssl": ssl.create_default_context(cafile=cafile)}
        except OSError as exc:
            raise Unavailable(f"The certificates of the authorities in {cafile} cannot be used: {exc}") from exc
    return {"ssl": "require" if config.ssl == "require" else "disable"}
