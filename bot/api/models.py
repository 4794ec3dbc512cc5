"""What the API takes and gives. The same models validate bodies and describe them in the OpenAPI document."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from bot.rules.durations import LONGEST
from bot.rules.ids import LARGEST
from bot.rules.validate import LIMITS

KEY_LIMIT = 200

Project = Annotated[
    Annotated[int, Field(ge=1, le=LARGEST)] | Annotated[str, Field(min_length=1, max_length=300)],
    Field(description="A project's name, whatever its case, or its number.", examples=["E-commerce Platform", 7]),
]
Environment = Annotated[
    str,
    Field(
        max_length=50,
        description="production, staging or development; prod, stage and dev are understood.",
        examples=["production"],
    ),
]
Seconds = Annotated[int, Field(ge=0, le=LONGEST, description="Seconds.", examples=[240])]
Notes = Annotated[str, Field(max_length=LIMITS["note"])]
Key = Annotated[
    str,
    Field(
        min_length=1,
        max_length=KEY_LIMIT,
        description="The same key again gives the same record, not a second one. Or the header Idempotency-Key.",
        examples=["build-4711"],
    ),
]
OnBehalfOf = Annotated[
    str,
    Field(
        max_length=255,
        description="E-mail address of the person for whom the program acts.",
        examples=["eva@example.com"],
    ),
]
Approval = Annotated[
    Literal["none", "pending", "approved", "rejected", "expired"],
    Field(description="none: no policy asks for an approval of this deployment."),
]


class Body(BaseModel):
    """What is sent: JSON types as they are, no field that is not known."""

    model_config = ConfigDict(strict=True, extra="forbid")

    @field_validator("*", mode="after")
    @classmethod
    def _storable(cls, value: object) -> object:
        if isinstance(value, str) and "\x00" in value:
            raise ValueError("No text of the database holds the character NUL")
        return value


class NewDeployment(Body):
    """A deployment to ask for (status pending) or to record."""

    project: Project
    version: Annotated[str, Field(max_length=1000, description="At most 100 characters.", examples=["v2.1.0"])]
    environment: Environment
    status: Annotated[
        str,
        Field(
            max_length=50,
            description="pending asks for an approval where a policy says so; in_progress, success, failed and "
            "rolled_back record what has happened.",
            examples=["pending", "success"],
        ),
    ] = "pending"
    duration: Seconds | None = None
    notes: Notes | None = None
    deployed_at: Annotated[
        AwareDatetime | None,
        Field(description="When it was deployed, with a zone; not in the future. For what is recorded."),
    ] = None
    on_behalf_of: OnBehalfOf | None = None
    idempotency_key: Key | None = None


class DeploymentChange(Body):
    """The next state of a deployment, by the rules of `/deploy start`, `finish` and `rollback`."""

    status: Annotated[
        str, Field(max_length=50, description="in_progress, success, failed or rolled_back.", examples=["in_progress"])
    ]
    duration: Annotated[Seconds | None, Field(description="Seconds; measured from the start where it is left out.")] = (
        None
    )
    notes: Notes | None = None
    idempotency_key: Key | None = None


class NewRequest(Body):
    """A maintenance request, raised in the name of the token's owner."""

    title: Annotated[str, Field(max_length=1000, description="At most 255 characters.", examples=["Disk almost full"])]
    description: Annotated[str, Field(max_length=LIMITS["description"])]
    project: Project | None = None
    priority: Annotated[str, Field(max_length=50, description="low, medium, high or critical.")] = "medium"
    due_at: Annotated[AwareDatetime | None, Field(description="With a zone, and in the future.")] = None
    on_behalf_of: OnBehalfOf | None = None
    idempotency_key: Key | None = None


class HookEvent(Body):
    """What another system says of a deployment, for the generic webhook."""

    delivery: Annotated[
        str, Field(min_length=1, max_length=KEY_LIMIT, description="Unique for each event; repeated ones are dropped.")
    ]
    deployment: Annotated[
        str | None,
        Field(min_length=1, max_length=KEY_LIMIT, description="The sender's own number, so that later events find it."),
    ] = None
    project: Annotated[Project | None, Field(description="Or name the repository.")] = None
    repository: Annotated[
        str | None,
        Field(
            max_length=500,
            description="Address of the repository, as the project has it.",
            examples=["https://github.com/company/ecommerce"],
        ),
    ] = None
    version: Annotated[str, Field(max_length=1000, examples=["v2.1.0"])]
    environment: Environment
    status: Annotated[str, Field(max_length=50, description="in_progress, success, failed or rolled_back.")]
    duration: Seconds | None = None
    notes: Notes | None = None


class Vote(BaseModel):
    """What one person has decided."""

    name: str | None
    vote: str
    comment: str | None
    at: datetime


class ApprovalDetail(BaseModel):
    """The approval that counts now."""

    required: int
    role: Annotated[str, Field(description="The role that may decide; an admin counts as engineer.")]
    expires_at: datetime
    decided_at: datetime | None
    votes: list[Vote]


class Deployment(BaseModel):
    """A deployment as it is now."""

    id: int
    project_id: int
    project: str
    version: str
    environment: str
    status: str
    approval: Approval
    approval_detail: ApprovalDetail | None
    without_approval: Annotated[bool, Field(description="It went on although a policy asks for an approval.")]
    requested_by: str | None
    deployed_by: str | None
    deployed_at: datetime | None
    duration: Annotated[int | None, Field(description="Seconds.")]
    notes: str | None
    created_at: datetime
    updated_at: datetime


class DeploymentPage(BaseModel):
    """A page of deployments, the newest first."""

    items: list[Deployment]
    next_cursor: Annotated[str | None, Field(description="Give it as `cursor` for the next page; null at the end.")]


class Request(BaseModel):
    """A maintenance request as it is now."""

    id: int
    label: str
    title: str
    description: str
    project_id: int | None
    project: str | None
    priority: str
    status: str
    approval: Approval
    requested_by: str
    assigned_to: str | None
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime


class HookOutcome(BaseModel):
    """What came of a delivery."""

    outcome: Annotated[str, Field(description="recorded, updated, repeated, or ignored with the reason.")]
    deployment_id: int | None


class FieldError(BaseModel):
    """A field that cannot be used, and why."""

    field: str
    detail: str


class Problem(BaseModel):
    """A refusal, as https://www.rfc-editor.org/rfc/rfc9457 describes it."""

    type: str
    title: str
    status: int
    detail: str
    field: Annotated[str | None, Field(description="The first field at fault, where it was one.")] = None
    errors: list[FieldError] | None = None
