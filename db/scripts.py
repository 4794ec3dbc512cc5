"""The migration files: found, named, checked and, where they must run outside a transaction, taken apart."""

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

_NAME: Final = re.compile(r"(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)+\.sql")
_MARK: Final = "-- no-transaction"
# What may hold a semicolon that ends nothing; the last alternative is one that does.
_TOKEN: Final = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"[^"]*"|\$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$|(?P<end>;)""", re.DOTALL
)
_RIGHT: Final = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:GRANT\b|REVOKE\b|DO \$grants\$)", re.DOTALL)


class MigrationError(Exception):
    """The migrations cannot be run; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Script:
    """One migration file. `in_transaction` is False for a file whose first line is `-- no-transaction`."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text with its line ends made alike, since git may change those."""
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        """Whether the file runs as one transaction."""
        return not self.sql.startswith(_MARK)

    def rights(self) -> list[str]:
        """The statements that give and take rights: GRANT, REVOKE, and DO blocks quoted with `$grants$`."""
        return [statement for statement in self.statements() if _RIGHT.match(statement)]

    def without_rights_of(self, role: str) -> list[str]:
        """The statements, except those about the rights of a role, for a server where it does not exist."""
        left_out = {statement for statement in self.rights() if role in statement}
        return [statement for statement in self.statements() if statement not in left_out]

    def statements(self) -> list[str]:
        """The statements one by one."""
        found, begin = [], 0
        for token in _TOKEN.finditer(self.sql):
            if token["end"]:
                found.append(self.sql[begin : token.end()].strip())
                begin = token.end()
        rest = self.sql[begin:]
        if _TOKEN.sub("", rest).strip():
            found.append(rest.strip())
        return found


def load_scripts(directory: Traversable | None = None) -> tuple[Script, ...]:
    """The migrations in order; those of the package `migrations` unless another directory is given.

    Raises:
        MigrationError: a file's name is not NNNN_verb_noun.sql, or a number is used twice.
    """
    scripts: dict[int, Script] = {}
    for file in (directory or resources.files("migrations")).iterdir():
        if not file.name.endswith(".sql"):
            continue
        match = _NAME.fullmatch(file.name)
        if match is None:
            raise MigrationError(f"{file.name}: a migration is named NNNN_verb_noun.sql.")
        script = Script(int(match[1]), file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        if script.version in scripts:
            raise MigrationError(f"{file.name}: number {match[1]} is taken by {scripts[script.version].name}.")
        scripts[script.version] = script
    return tuple(scripts[version] for version in sorted(scripts))
