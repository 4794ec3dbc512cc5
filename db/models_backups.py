"""Rows of backups, and what an archive holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from db.models import JsonObject


class BackupStatus(StrEnum):
    """State of a backup. Unverified: there, but not proven; damaged: proven once, and not what it was any more."""

    RUNNING = "running"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    DAMAGED = "damaged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database held at one moment: rows by table, and constraints, each in one line that ends in its validity.

    Names are qualified and quoted as PostgreSQL does. NOT NULL is left out: before PostgreSQL 18 it was no constraint.
    """

    tables: Mapping[str, int]
    constraints: frozenset[str]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(self.tables.values())

    def as_json(self) -> JsonObject:
        """In the form in which it is kept."""
        return {"tables": dict(self.tables), "constraints": sorted(self.constraints)}

    @classmethod
    def from_json(cls, said: object) -> "Contents | None":
        """From the form in which it is kept; None where it is not that."""
        if not isinstance(said, dict):
            return None
        tables, constraints = said.get("tables"), said.get("constraints")
        if not isinstance(tables, dict) or not isinstance(constraints, list):
            return None
        return cls({str(name): int(rows) for name, rows in tables.items()}, frozenset(map(str, constraints)))


@dataclass(frozen=True, slots=True)
class Backup:
    """One run. `file` is a name in BACKUP_DIR; `fault` says what went wrong, `notes` what else is to be known.

    `seconds` is how long it took, proof included.
    """

    id: int
    status: str
    source: str
    asked_by: int | None
    started_at: datetime
    finished_at: datetime | None
    seconds: float | None
    file: str | None
    size_bytes: int | None
    sha256: str | None
    tool_version: str | None
    server_version: str | None
    contents: Contents | None
    verified_at: datetime | None
    copied_at: datetime | None
    removed_at: datetime | None
    fault: str | None
    notes: str | None
