"""Rows about roles of the server: who uses the accounts, and what was granted to whom."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoleUse:
    """A role with rights on the accounts.

    `bypasses`: policies do not bind it (superuser, BYPASSRLS, or the owner of the table). `has_policy`: one lets it
    read, or write where it may not read; `by_us`: one that this program made. `sessions`: now, in this database.
    """

    name: str
    can_log_in: bool
    bypasses: bool
    may_read: bool
    may_write: bool
    has_policy: bool
    by_us: bool
    sessions: int


@dataclass(frozen=True, slots=True)
class RowSecurity:
    """Row level security of the accounts: whether it is on, made by this program, and whom it meets.

    `others` are policies that somebody else made; `raising` those of them that fail where no actor is named.
    """

    enabled: bool
    made_here: bool
    roles: tuple[RoleUse, ...]
    others: tuple[str, ...]
    raising: tuple[str, ...]

    @property
    def without_policy(self) -> tuple[RoleUse, ...]:
        """Roles that row level security shuts out, or would."""
        return tuple(role for role in self.roles if not role.bypasses and not role.has_policy)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A table or sequence whose rights another role has to give."""

    name: str
    owner: str
