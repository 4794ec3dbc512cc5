"""How PostgreSQL's own programs are told where the database is: by environment variables.

Every user of the machine can read a command line, so nothing secret may stand there.
"""

import os
import ssl
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from db.config import DatabaseConfig

_SSL_MODES: Final = {"true": "verify-full", "require": "require", "false": "disable"}
# https://www.postgresql.org/docs/current/libpq-envars.html
_VARIABLES: Final = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "krbsrvname": "PGKRBSRVNAME",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
_CONNECT_SECONDS: Final = 10


def environment(config: DatabaseConfig, *, options: str = "") -> dict[str, str]:
    """The whole environment of a program that connects there: messages in English, and nothing else of ours.

    Args:
        config: of the role to connect as; its `name`, where given, goes before the one in its address.
        options: settings of the session, as in `-c synchronous_commit=off`.
    """
    given = _from_address(config.dsn) if config.dsn else {}
    parts = {
        "host": config.host,
        "port": str(config.port) if config.port else None,
        "dbname": config.name,
        "user": config.user,
        "password": config.password,
    }
    given |= {name: value for name, value in parts.items() if value}
    if config.ssl is not None:
        given["sslmode"] = _SSL_MODES[config.ssl]
        if config.ssl == "true":
            given["sslrootcert"] = str(config.ssl_root_cert or _system_authorities())
    if options:
        given["options"] = f"{given.get('options', '')} {options}".strip()
    name = given.get("dbname") or given.get("user") or ""
    connection = {_VARIABLES[key]: value for key, value in given.items() if key in _VARIABLES}
    return {
        "LC_ALL": "C",
        "PATH": os.defpath,
        "PGCONNECT_TIMEOUT": str(_CONNECT_SECONDS),
        **connection,
        "PGDATABASE": name,
    }


def database_name(config: DatabaseConfig) -> str:
    """The name of the database that a configuration leads to."""
    return environment(config)["PGDATABASE"]


def _from_address(address: str) -> dict[str, str]:
    url = urlsplit(address)
    given = _from_authority(url)
    if url.path.strip("/"):
        given["dbname"] = unquote(url.path.removeprefix("/"))
    for key, value in parse_qsl(url.query):
        given["dbname" if key == "database" else key] = value
    return given


def _from_authority(url: SplitResult) -> dict[str, str]:
    """User, password, hosts and ports; several hosts are separated by commas, each with a port of its own."""
    account, _, places = url.netloc.rpartition("@")
    user, _, password = account.partition(":")
    given = {"user": unquote(user), "password": unquote(password)}
    hosts, ports = [], []
    for place in filter(None, places.split(",")):
        host, colon, port = place.rpartition(":")
        whole = not colon or port.endswith("]")
        hosts.append(unquote(place if whole else host).strip("[]"))
        ports.append("" if whole else port)
    given["host"] = ",".join(hosts)
    given["port"] = ",".join(ports) if any(ports) else ""
    return {key: value for key, value in given.items() if value}


def _system_authorities() -> str:
    return ssl.get_default_verify_paths().cafile or "system"
