"""PostgreSQL's own programs are told by their environment what asyncpg is told by its arguments."""

from pathlib import Path

import pytest

from db.libpq import database_name, environment
from db.pool import DatabaseConfig
from db.tools import ToolsMissing, find

ALWAYS = {"LC_ALL", "PATH", "PGCONNECT_TIMEOUT"}


def told(config: DatabaseConfig) -> dict[str, str]:
    return {name: value for name, value in environment(config).items() if name not in ALWAYS}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "postgresql://ada:p%40ss%20word@db.example.com:5433/dash%2Dboard?sslmode=verify-full&sslrootcert=/ca.pem",
            {
                "PGHOST": "db.example.com",
                "PGPORT": "5433",
                "PGUSER": "ada",
                "PGPASSWORD": "p@ss word",
                "PGDATABASE": "dash-board",
                "PGSSLMODE": "verify-full",
                "PGSSLROOTCERT": "/ca.pem",
            },
        ),
        (
            "postgresql://postgres:pw@/dashboard?host=%2Fvar%2Frun%20x&port=5432",
            {
                "PGHOST": "/var/run x",
                "PGPORT": "5432",
                "PGUSER": "postgres",
                "PGPASSWORD": "pw",
                "PGDATABASE": "dashboard",
            },
        ),
        (
            "postgres://ada@one:1,[::1]:2/d?application_name=x&target_session_attrs=read-write",
            {
                "PGHOST": "one,::1",
                "PGPORT": "1,2",
                "PGUSER": "ada",
                "PGDATABASE": "d",
                "PGTARGETSESSIONATTRS": "read-write",
            },
        ),
        ("postgresql://ada@db.example.com", {"PGHOST": "db.example.com", "PGUSER": "ada", "PGDATABASE": "ada"}),
    ],
)
def test_an_address(address: str, expected: dict[str, str]) -> None:
    assert told(DatabaseConfig(dsn=address)) == expected


def test_parts_and_certificates() -> None:
    parts = DatabaseConfig(host="h", port=5433, name="d", user="u", password="p", ssl="true", ssl_root_cert=Path("/ca"))
    assert told(parts) == {
        "PGHOST": "h",
        "PGPORT": "5433",
        "PGUSER": "u",
        "PGPASSWORD": "p",
        "PGDATABASE": "d",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/ca",
    }
    assert told(DatabaseConfig(host="h", ssl="false"))["PGSSLMODE"] == "disable"
    assert told(DatabaseConfig(host="h", ssl="require"))["PGSSLMODE"] == "require"
    assert told(DatabaseConfig(host="h", ssl="true"))["PGSSLROOTCERT"]


def test_a_database_that_is_named_goes_before_the_one_in_the_address() -> None:
    assert database_name(DatabaseConfig(dsn="postgresql://ada@h/one", name="two")) == "two"
    assert database_name(DatabaseConfig(dsn="postgresql://ada@h/one")) == "one"


def test_options_are_added_to_those_of_the_address() -> None:
    config = DatabaseConfig(dsn="postgresql://ada@h/one?options=-c%20a%3Db")
    assert environment(config, options="-c c=d")["PGOPTIONS"] == "-c a=b -c c=d"


def program(directory: Path, version: str, *names: str) -> Path:
    directory.mkdir()
    for name in names or ("pg_dump", "pg_restore"):
        (directory / name).write_text(f'#!/bin/sh\necho "{name} (PostgreSQL) {version}"\n')
        (directory / name).chmod(0o755)
    return directory


def test_the_servers_own_version_goes_first_then_the_nearest_newer_one(tmp_path: Path) -> None:
    versions = ("14.1", "18.6", "15.18 (Debian 15.18-0+deb12u1)", "17rc1", "16.2")
    places = [program(tmp_path / version.split(" ")[0], version) for version in versions]
    half = program(tmp_path / "half", "15.1", "pg_dump")
    broken = program(tmp_path / "broken", "none")
    found = find(15, [half, broken, tmp_path / "nowhere", *places])
    assert [tools.version for tools in found] == ["15.18", "16.2", "17rc1", "18.6"]
    assert found[0].pg_dump == tmp_path / "15.18" / "pg_dump"
    assert [tools.major for tools in find(17, places)] == [17, 18]


def test_where_there_are_none_it_is_said_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ToolsMissing, match="none are here"):
        find(17, [])
    with pytest.raises(ToolsMissing, match="refuse a newer server"):
        find(17, [program(tmp_path / "old", "14.1")])
