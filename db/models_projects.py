"""Rows of projects in full, and of the groups they are filed under."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ProjectDetails:
    """A project with everything that is known of it."""

    id: int
    name: str
    description: str | None
    status: str
    group_id: int | None
    group_name: str | None
    repository_url: str | None
    production_url: str | None
    staging_url: str | None
    health_check_url: str | None
    docker_image: str | None


@dataclass(frozen=True, slots=True)
class ProjectSummary:
    """A project in a list. `last_*` are of the deployment that ran last, None where there was none."""

    id: int
    name: str
    status: str
    group_name: str | None
    open_requests: int
    last_version: str | None
    last_environment: str | None
    last_status: str | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Group:
    """A group of projects, with how many of them are not archived."""

    id: int
    name: str
    description: str | None
    projects: int


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What goes on in a project: open requests, and deployments pending or in progress; the first few of each."""

    requests: tuple[int, ...]
    requests_total: int
    deployments: tuple[int, ...]
    deployments_total: int
