"""Who may do what: an admin may do what an engineer may, an engineer what a user may."""

from typing import Final

from db.models import Role

RANK: Final = {Role.USER: 0, Role.ENGINEER: 1, Role.ADMIN: 2}


def role_of(role: str) -> Role:
    """The role named in the database; one that no rule knows counts as a user's."""
    return Role(role) if role in RANK else Role.USER


def allows(role: str, needed: Role) -> bool:
    """Whether a person of this role may do what `needed` may."""
    return RANK[role_of(role)] >= RANK[needed]
