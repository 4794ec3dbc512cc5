"""The maintenance requests of the sample company: who wants what of whom, and how far it has come."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from db.models import Priority

LOW, MEDIUM, HIGH, CRITICAL = Priority.LOW, Priority.MEDIUM, Priority.HIGH, Priority.CRITICAL


class Life(Enum):
    """What has happened to a request since it was raised; the value is its steps, in order."""

    WAITING = ()
    ASSIGNED = ("assign",)
    RUNNING = ("assign", "start")
    DONE = ("assign", "start", "complete")
    DROPPED = ("cancel",)
    STOPPED = ("assign", "start", "cancel")
    REOPENED = ("assign", "start", "complete", "reopen")
    RESUMED = ("assign", "start", "complete", "reopen", "start again")
    DONE_AGAIN = ("assign", "start", "complete", "reopen", "start again", "complete again")


@dataclass(frozen=True, slots=True)
class Wish:
    """A request. The latest step was `age_days` ago; it is due in `due_hours`, negative for overdue, None for never."""

    project: str | None
    priority: Priority
    life: Life
    age_days: float
    due_hours: float | None
    asks: str
    does: str
    title: str
    description: str


W, A, R, D = Life.WAITING, Life.ASSIGNED, Life.RUNNING, Life.DONE

# Not over yet. The first is the one that the dashboard's documentation shows.
OPEN: Final = (
    Wish("ecommerce", HIGH, W, 0.2, 168, "ada", "", "Database Performance Optimization",
         "Optimize slow queries in the user management module to improve page load times."),
    Wish("ecommerce", CRITICAL, R, 0.1, 4, "mei", "erik", "Checkout answers slowly under load",
         "Every tenth order takes more than eight seconds at peak times. Customers press the button twice."),
    Wish("ecommerce", MEDIUM, A, 2, 30, "uma", "eva", "Product images load twice",
         "On the category pages each image is requested once small and once large. The small one would do."),
    Wish("ecommerce", LOW, W, 9, None, "uma", "", "Footer links to the old imprint",
         "The link at the foot of every page leads to last year's imprint."),
    Wish("ecommerce", HIGH, R, 6, -50, "greta", "erik", "Vouchers cannot be combined with gift cards",
         "Support gets about five calls a day. Finance has agreed to allow both in one order."),
    Wish("portal", HIGH, A, 1, 22, "uma", "erik", "Invoices lack the order number",
         "Accounting cannot match them. The number is in the database but not on the PDF."),
    Wish("portal", MEDIUM, R, 3, 76, "luis", "tom", "Returns form forgets the reason",
         "Whoever goes back one page has to choose the reason for the return again."),
    Wish("portal", LOW, W, 14, None, "luis", "", "Offer the portal in Portuguese",
         "The texts are translated already; they wait in the shared folder."),
    Wish("portal", MEDIUM, Life.REOPENED, 0.6, 54, "uma", "eva", "Session ends in the middle of a return",
         "After fifteen minutes the form is lost. The person should be warned, and the form be kept."),
    Wish("shopper", MEDIUM, A, 4, -20, "greta", "nadia", "Push messages arrive twice on Android",
         "Since the last version of the app. On iOS they come once."),
    Wish("shopper", LOW, W, 20, None, "greta", "", "Dark mode for the order list",
         "All other screens have it."),
    Wish("shopper", HIGH, R, 2, 100, "uma", "tom", "App cannot scan codes in bad light",
         "In our own shops half of the scans fail. The torch stays off."),
    Wish("payments", CRITICAL, A, 0.3, 9, "ada", "nadia", "Certificate of the payout gateway expires",
         "The bank has sent the new one. Both have to be trusted until it is switched over."),
    Wish("payments", HIGH, R, 5, -28, "luis", "erik", "Refunds over 1,000 euros hang",
         "They stay in the state 'requested' until somebody retries them by hand."),
    Wish("payments", MEDIUM, W, 1.5, 120, "greta", "", "Monthly statement by currency",
         "Finance needs the sums per currency, not only in euros."),
    Wish("identity", HIGH, A, 3, -6, "mei", "eva", "Rotate the signing keys",
         "They are a year old next week. The procedure is on the wiki; the standby keys are in place."),
    Wish("identity", MEDIUM, R, 4, 52, "ada", "eva", "Log failed sign-ins with their origin",
         "The auditors ask for it: address, time and account, kept for ninety days."),
    Wish("identity", LOW, W, 6, None, "luis", "", "Longer names in the profile",
         "Names are cut after thirty characters."),
    Wish("search", MEDIUM, R, 1, 28, "uma", "eva", "Umlauts are not found",
         "Who types 'schlussel' should find 'Schlüssel' too."),
    Wish("search", MEDIUM, W, 5, -75, "greta", "", "Synonyms for the winter range",
         "The list is attached to the mail of last week: 140 pairs."),
    Wish("search", HIGH, Life.RESUMED, 1, 6, "uma", "nadia", "Suggestions show products that are sold out",
         "They were gone after the last fix, but came back with the new index."),
    Wish("warehouse", HIGH, A, 2, -100, "ada", "eva", "Nightly load takes longer than the night",
         "It ended at 8:40 today. The morning report shows yesterday's numbers until then."),
    Wish("warehouse", MEDIUM, R, 8, 200, "greta", "nadia", "Report of returns by reason",
         "By week and product group, as a table and as a file."),
    Wish("monitoring", MEDIUM, R, 2, 48, "ada", "tom", "Disk alert comes too late",
         "At 95 % there are two hours left. It should come at 85 %."),
    Wish("monitoring", LOW, A, 11, None, "mei", "tom", "Remove dashboards that nobody opens",
         "Of 140 dashboards 60 have not been opened for half a year."),
    Wish(None, MEDIUM, W, 0.8, 20, "luis", "", "Laptop of a new colleague",
         "She starts on Monday and needs the usual accounts: mail, wiki, portal."),
    Wish(None, LOW, R, 3, None, "uma", "tom", "Spare badge readers for the warehouse",
         "Two of six are broken; the shifts queue in the morning."),
)  # fmt: skip

# Completed or cancelled.
OVER: Final = (
    Wish("ecommerce", CRITICAL, D, 2, None, "ada", "erik", "Orders without a confirmation mail",
         "The mail queue stands still since 7:30. About 200 orders have no confirmation."),
    Wish("ecommerce", HIGH, D, 5, None, "uma", "eva", "Prices of the outlet are rounded wrongly",
         "19.995 becomes 20.00 on the page but 19.99 in the basket."),
    Wish("ecommerce", MEDIUM, D, 9, None, "uma", "nadia", "Basket is empty after signing in",
         "Only when the sign-in page was opened in a second tab."),
    Wish("ecommerce", MEDIUM, D, 16, None, "greta", "erik", "Filter by size forgets the colour",
         "Choosing a size resets the colour that was chosen before."),
    Wish("ecommerce", LOW, D, 30, None, "luis", "eva", "Broken link in the size guide",
         "The table of shoes leads to a page that is gone."),
    Wish("ecommerce", HIGH, D, 41, None, "mei", "nadia", "Upgrade the web server",
         "Version 1.24 gets no more security fixes at the end of the month."),
    Wish("ecommerce", MEDIUM, Life.DROPPED, 12, None, "uma", "", "Snow on the start page",
         "As last winter. Marketing would like it until the end of the season."),
    Wish("portal", HIGH, D, 1, None, "luis", "tom", "Customers see each other's delivery notes",
         "The address of the file can be guessed. It needs a check of who asks."),
    Wish("portal", MEDIUM, D, 7, None, "uma", "eva", "Export of orders stops at 1,000 lines",
         "Large customers have more. The file should be complete or say that it is not."),
    Wish("portal", MEDIUM, D, 25, None, "greta", "tom", "Phone number cannot be removed",
         "An empty field is refused as 'not a number'."),
    Wish("portal", LOW, D, 47, None, "uma", "eva", "Favicon is the one of the framework",
         "Ours is in the style guide."),
    Wish("portal", LOW, Life.STOPPED, 15, None, "luis", "tom", "Chat window for invoices",
         "With the same provider as in the shop."),
    Wish("campaigns", LOW, D, 50, None, "greta", "tom", "Redirect the summer campaign to the shop",
         "The printed codes still lead to the page of the summer."),
    Wish("campaigns", LOW, Life.DROPPED, 35, None, "greta", "", "New form for the newsletter",
         "With a field for the language."),
    Wish("shopper", HIGH, D, 6, None, "uma", "nadia", "App crashes when the basket is shared",
         "Only with more than ten products, on both systems."),
    Wish("shopper", MEDIUM, D, 37, None, "luis", "tom", "Ask for the notification permission later",
         "Not at the first start, but after the first order."),
    Wish("payments", CRITICAL, D, 14, None, "mei", "erik", "Card payments fail for one bank",
         "All cards of one issuer are declined since the change of the protocol version."),
    Wish("payments", HIGH, D, 27, None, "ada", "nadia", "Store card tokens in the new vault",
         "The contract of the old one ends this quarter."),
    Wish("payments", MEDIUM, D, 45, None, "greta", "erik", "Payout report lists test accounts",
         "They should not be in the sums."),
    Wish("payments", MEDIUM, Life.DONE_AGAIN, 4, None, "luis", "nadia", "Receipts show the wrong time zone",
         "The time is that of the server; customers expect their own."),
    Wish("identity", CRITICAL, D, 32, None, "ada", "eva", "Sign-in loops for people with two roles",
         "They are sent back and forth between portal and sign-in."),
    Wish("identity", HIGH, D, 51, None, "mei", "gerda", "Second factor for administrators",
         "Required for the role admin; an app, not text messages."),
    Wish("identity", MEDIUM, D, 55, None, "ada", "gerda", "Clean up sessions that are a year old",
         "The table has 40 million rows, almost all of them dead."),
    Wish("identity", LOW, Life.DROPPED, 18, None, "uma", "", "Sign in with the customer number",
         "Some customers do not know their address any more."),
    Wish("search", MEDIUM, D, 11, None, "uma", "nadia", "Search by article number",
         "With and without the hyphen."),
    Wish("search", HIGH, D, 33, None, "greta", "eva", "Index is rebuilt during the day",
         "It takes a third of the machine. It should run at night."),
    Wish("search", MEDIUM, Life.DONE_AGAIN, 8, None, "uma", "eva", "Typing errors find nothing",
         "One wrong letter in a word of five or more should be forgiven."),
    Wish("warehouse", MEDIUM, D, 13, None, "greta", "eva", "Report of the week misses Sunday",
         "It ends on Saturday evening in the zone of the server."),
    Wish("warehouse", HIGH, D, 38, None, "ada", "nadia", "Restore of the warehouse was never tried",
         "Backups are made each night. Nobody has restored one this year."),
    Wish("warehouse", LOW, Life.STOPPED, 26, None, "mei", "nadia", "Move old years to cheaper storage",
         "Everything before the last three years."),
    Wish("monitoring", HIGH, D, 3, None, "ada", "tom", "Alerts of the night go to nobody",
         "The rota ended last month and was not renewed."),
    Wish("monitoring", MEDIUM, D, 17, None, "mei", "erik", "Metrics of the queue are missing",
         "Length, age of the oldest job and failures by kind."),
    Wish("intranet", LOW, D, 53, None, "greta", "gerda", "Save the documents of the intranet",
         "The folder 'contracts' has to be on the wiki before it is switched off."),
    Wish("intranet", MEDIUM, Life.DROPPED, 48, None, "luis", "", "Search in the intranet finds nothing",
         "Since the move to the new server."),
)  # fmt: skip
