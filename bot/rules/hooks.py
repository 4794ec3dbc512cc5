"""What other systems say of deployments: whose signature it is, which project is meant, what has happened."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from bot.rules.deployments import VERSION_LIMIT
from db.models import DeploymentStatus, Environment

SIGNED: Final = "sha256="
_SCP: Final = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!//)(.+)", re.ASCII)
_LOOKS_RELEASED: Final = re.compile(r"v?[0-9]", re.IGNORECASE | re.ASCII)
_SHORT: Final = 7

# What has not begun, or was replaced by a newer one, is no news here. Source: https://docs.github.com/en/rest/deployments/statuses
GITHUB_STATES: Final = {
    "in_progress": DeploymentStatus.IN_PROGRESS,
    "success": DeploymentStatus.SUCCESS,
    "failure": DeploymentStatus.FAILED,
    "error": DeploymentStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a delivery tells of a deployment.

    `external_id` is the sender's own number of it; a project is named (`project`), or the address of its repository is.
    `duration` is in seconds.
    """

    source: str
    delivery_id: str
    external_id: str | None
    project: str | None
    repository: str | None
    version: str
    environment: Environment
    status: DeploymentStatus
    duration: int | None = None
    notes: str | None = None


def is_signed(secret: str, body: bytes, signature: str) -> bool:
    """Whether `signature` is `sha256=` and the body's HMAC in hexadecimal; compared in constant time."""
    wanted = SIGNED + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace"))


def same_repository(one: str, other: str) -> bool:
    """Whether two addresses are of one repository: over HTTPS or SSH, with or without user, `.git` and slash."""
    return _bare(one) == _bare(other) != ""


def repository_name(address: str) -> str:
    """The last part of a repository's address, such as ecommerce."""
    return _bare(address).rpartition("/")[2]


def github_version(ref: str, sha: str) -> str:
    """What was deployed: a ref that looks like a release as it is, a branch with its commit, a commit for itself."""
    if not ref or ref == sha:
        return sha[:12]
    if _LOOKS_RELEASED.match(ref):
        return ref[:VERSION_LIMIT]
    commit = f"@{sha[:_SHORT]}"
    return ref[: VERSION_LIMIT - len(commit)] + commit


def _bare(address: str) -> str:
    text = address.strip().rstrip("/")
    found = _SCP.fullmatch(text)
    if "://" in text:
        try:
            parts = urlsplit(text)
            text = f"{parts.hostname or ''}{parts.path}"
        except ValueError:
            return ""
    elif found:
        text = f"{found[1]}/{found[2]}"
    return text.removesuffix(".git").rstrip("/").replace("//", "/").casefold()
