"""Who and what the sample company has: people, groups, projects, and how each project is released."""

from dataclasses import dataclass
from typing import Final

from db.models import Role


@dataclass(frozen=True, slots=True)
class Person:
    """An account; `seen_hours` ago is the last sign-in to the dashboard, None for never."""

    key: str
    name: str
    role: Role
    tz: str
    joined_days: int
    seen_hours: float | None = None
    is_active: bool = True

    @property
    def email(self) -> str:
        """The address by which Slack people are recognised."""
        return f"{self.key}@example.com"


# The first four are in the sandbox workspace under the same addresses; the others know the dashboard only.
PEOPLE: Final = (
    Person("ada", "Ada Admin", Role.ADMIN, "Europe/Berlin", 710, 3),
    Person("erik", "Erik Engineer", Role.ENGINEER, "America/New_York", 520, 20),
    Person("eva", "Eva Engineer", Role.ENGINEER, "Asia/Kolkata", 480, 7),
    Person("uma", "Uma User", Role.USER, "Europe/London", 400, 26),
    Person("mei", "Mei Tanaka", Role.ADMIN, "Asia/Tokyo", 650, 31),
    Person("nadia", "Nadia Haddad", Role.ENGINEER, "Europe/Paris", 330, 5),
    Person("tom", "Tom Okafor", Role.ENGINEER, "Africa/Lagos", 140, 12),
    Person("greta", "Greta Lindqvist", Role.USER, "Europe/Stockholm", 290, 50),
    Person("luis", "Luis Romero", Role.USER, "America/Sao_Paulo", 95),
    Person("gerda", "Gerda Gone", Role.ENGINEER, "Europe/Berlin", 600, 24 * 33, is_active=False),
)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of projects."""

    key: str
    name: str
    description: str


# The first is the one that the dashboard's documentation shows.
GROUPS: Final = (
    Group("web", "Web Applications", "Customer-facing web applications and services"),
    Group("mobile", "Mobile Apps", "The apps in the stores"),
    Group("platform", "Platform Services", "What the applications are built on: payments, sign-in, search"),
    Group("data", "Data and Reporting", "Pipelines, warehouse and reports"),
    Group("internal", "Internal Tools", "For our own use"),
)


@dataclass(frozen=True, slots=True)
class Project:
    """A project. Its `releases` are spread over two months, the latest `fresh_hours` ago; a release takes `seconds`."""

    key: str
    group: str
    name: str
    description: str
    site: str
    team: tuple[str, ...]
    first_minor: int
    releases: int
    fresh_hours: float
    seconds: int
    status: str = "active"
    image: str | None = None
    major: int = 2


# The first is the one that the dashboard's documentation shows.
PROJECTS: Final = (
    Project("ecommerce", "web", "E-commerce Platform", "Main e-commerce website and API", "shop",
            ("erik", "eva", "nadia"), 14, 9, 5, 540, image="company/ecommerce:2.22.0"),
    Project("portal", "web", "Customer Portal", "Orders, invoices and returns for signed-in customers", "portal",
            ("eva", "tom"), 6, 7, 21, 380, image="company/portal:2.12.1"),
    Project("campaigns", "web", "Campaign Microsites", "Landing pages of past campaigns", "campaigns",
            ("tom",), 1, 2, 24 * 41, 150, status="inactive"),
    Project("shopper", "mobile", "Shopper App", "Shopping app for iOS and Android", "app",
            ("nadia", "tom"), 30, 4, 24 * 4, 1260),
    Project("payments", "platform", "Payments API", "Card payments, refunds and payouts", "payments",
            ("erik", "nadia"), 9, 7, 46, 460, image="company/payments:2.15.1"),
    Project("identity", "platform", "Identity Service", "Sign-in, sessions and roles", "login",
            ("erik", "gerda", "eva"), 3, 6, 30, 310, image="company/identity:2.8.0"),
    Project("search", "platform", "Search Service", "Product search and suggestions", "search",
            ("eva", "nadia"), 12, 6, 70, 720, image="company/search:2.17.0"),
    Project("warehouse", "data", "Reporting Warehouse", "Nightly pipelines and the reports made of them", "reports",
            ("nadia", "eva"), 3, 5, 52, 900),
    Project("monitoring", "internal", "Monitoring Stack", "Metrics, alerts and dashboards", "monitoring",
            ("tom", "erik"), 5, 5, 9, 240, image="company/monitoring:2.9.0"),
    Project("intranet", "internal", "Legacy Intranet", "Replaced by the wiki; kept for its documents", "intranet",
            ("gerda",), 0, 1, 24 * 56, 200, status="archived"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One deployment of a release; `patch` is the last number of its version."""

    environment: str
    status: str = "success"
    note: str | None = None
    patch: int = 0


PLAIN: Final = (Step("staging"), Step("production"))
EARLY: Final = (Step("development"), *PLAIN)
# Releases that have come only so far.
PENDING: Final = {
    "ecommerce": (Step("staging"), Step("production", "pending", "For the weekend's campaign.")),
    "identity": (Step("staging", "pending", "When the new network is reachable."),),
}


def _stuck(note: str) -> tuple[Step, ...]:
    return Step("staging", "failed", note), *PLAIN


def _broken(note: str, fix: str) -> tuple[Step, ...]:
    return *EARLY[:2], Step("production", "failed", note), Step("production", note=fix, patch=1)


def _undone(note: str, fix: str) -> tuple[Step, ...]:
    undone = Step("production", "rolled_back", note)
    return Step("staging"), undone, Step("staging", patch=1), Step("production", note=fix, patch=1)


# What went otherwise than planned, by project and number of the release; most of the rest is PLAIN.
INCIDENTS: Final = {
    ("ecommerce", 2): _stuck("Migration of the orders table ran into its time limit."),
    ("ecommerce", 5): _undone(
        "Rolled back: orders with a voucher failed at the last step of the checkout.",
        "Vouchers are checked before the payment again.",
    ),
    ("portal", 3): _broken("Health check did not answer: a variable was missing.", "With INVOICE_BUCKET set."),
    ("portal", 6): _undone("Rolled back: invoices were shown without VAT.", "VAT is shown again."),
    ("payments", 1): _broken("Certificate of the card processor was not trusted.", "With the new root certificate."),
    ("payments", 6): _undone("Rolled back: refunds were sent twice in two cases.", "Refunds carry an idempotency key."),
    ("identity", 2): _stuck("Session store could not be reached from the new network."),
    ("search", 4): _broken("Index was not ready when traffic came.", "Waits for the index before it takes traffic."),
    ("warehouse", 1): _stuck("Not enough disk for the second copy of the fact table."),
    ("warehouse", 4): _broken("Started while the nightly load was running.", "Same code, after the load."),
    ("monitoring", 3): _stuck("Two rules had the same name."),
}


def steps_of(project: str, number: int) -> tuple[Step, ...]:
    """The deployments of a project's release, in order."""
    return INCIDENTS.get((project, number)) or (EARLY if number % 4 == 1 else PLAIN)
