"""Every operation of the API, once: the routes and the OpenAPI document are made of this list."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel

from bot.api import deployments, hooks, models, requests
from bot.api.calls import Call, Reply
from bot.rules.tokens import Scope

_WAIT: Final = (
    "Seconds to wait for a change of status or approval, cut to the server's longest. Answers at once where there is "
    "nothing to wait for: the approval is decided, or the deployment is over."
)


@dataclass(frozen=True, slots=True)
class Operation:
    """What one address and method does. `scope` None: no token is asked for, the answer is for everybody or signed.

    `counted` by itself: the operation says when it is one call of the token's rate. `refusals` besides the usual ones.
    """

    method: str
    path: str
    name: str
    handler: Callable[[Call], Awaitable[Reply]]
    scope: Scope | None
    answer: type[BaseModel]
    statuses: tuple[HTTPStatus, ...]
    body: type[BaseModel] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[HTTPStatus, ...] = ()
    counts_itself: bool = False

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (self.handler.__doc__ or self.name).strip().splitlines()[0]


_MADE: Final = (HTTPStatus.CREATED, HTTPStatus.OK)
_READ: Final = (HTTPStatus.OK,)
_LIST: Final = {
    "project": "Name or number of a project.",
    "environment": "production, staging or development.",
    "status": "pending, in_progress, success, failed or rolled_back.",
    "cursor": "The next_cursor of the page before.",
}

OPERATIONS: Final = (
    Operation(
        "POST", "/deployments", "createDeployment", deployments.create, Scope.DEPLOYMENTS_WRITE, models.Deployment,
        _MADE, models.NewDeployment, refusals=(HTTPStatus.CONFLICT,),
    ),
    Operation(
        "GET", "/deployments", "listDeployments", deployments.index, Scope.DEPLOYMENTS_READ, models.DeploymentPage,
        _READ, query=_LIST,
    ),
    Operation(
        "GET", "/deployments/{id}", "getDeployment", deployments.show, Scope.DEPLOYMENTS_READ, models.Deployment,
        _READ, query={"wait": _WAIT}, refusals=(HTTPStatus.NOT_FOUND,), counts_itself=True,
    ),
    Operation(
        "PATCH", "/deployments/{id}", "changeDeployment", deployments.change, Scope.DEPLOYMENTS_WRITE,
        models.Deployment, _READ, models.DeploymentChange, refusals=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "POST", "/maintenance-requests", "createRequest", requests.create, Scope.REQUESTS_WRITE, models.Request, _MADE,
        models.NewRequest, refusals=(HTTPStatus.CONFLICT,),
    ),
    Operation(
        "GET", "/maintenance-requests/{id}", "getRequest", requests.show, Scope.REQUESTS_READ, models.Request, _READ,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "POST", "/webhooks/github", "takeGithubEvent", hooks.github, None, models.HookOutcome,
        (HTTPStatus.OK, HTTPStatus.ACCEPTED), refusals=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "POST", "/webhooks/generic", "takeEvent", hooks.generic, None, models.HookOutcome,
        (HTTPStatus.OK, HTTPStatus.ACCEPTED), models.HookEvent, refusals=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)  # fmt: skip
