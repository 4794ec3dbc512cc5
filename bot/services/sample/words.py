"""What people write about their work."""

from typing import Final

BEGUN: Final = (
    "Reproduced it on staging and found where it comes from.",
    "Read the code and the logs of the last week; the cause is clear now.",
    "Measured before changing anything; numbers are in the ticket of the team.",
    "Talked it through with the requester and wrote down what is wanted.",
    "Tried two ways on a copy of the data; took the simpler one.",
)
WORKED: Final = (
    "Wrote the change and a test that fails without it.",
    "Reviewed, two remarks worked in.",
    "On staging since today; waiting for a day of real use.",
    "Migrated the old records in small batches.",
    "Cleaned up what stood in the way, without changing behaviour.",
    "Second half of the change; documentation follows.",
)
FINISHED: Final = (
    "Released to production and watched for an hour; all quiet.",
    "Released, compared with the numbers from before.",
    "Fixed, released, and checked together with the requester.",
    "Last part released; wiki page brought up to date.",
)
COMPLETED: Final = (
    "Done and released.",
    "Fixed; the cause is written down on the wiki.",
    "Released today. Please tell us if you see it again.",
    None,
    "Works on staging and in production.",
)
CANCELLED: Final = (
    "Decided against it in the planning of this quarter.",
    "Not needed any more.",
    "Duplicate of an older request.",
    "The page is switched off next month anyway.",
    "Too costly for what it brings; we live with it.",
    "Moved to the list of the product team.",
)
REOPENED: Final = ("It is back since the release of this morning.", "Still happens in one of three cases.")

ASKS, DOES = "asks", "does"
# Who says what, in order; only the first part fits a request that nobody has taken yet.
ALONE: Final = (
    ((ASKS, "Any chance that somebody looks at this during the week?"),),
    ((ASKS, "It is not urgent, but people ask me about it every day."),),
    ((ASKS, "I can give examples if that helps."),),
)
TALKS: Final = (
    ((DOES, "Does it happen in every browser?"), (ASKS, "Yes, I have seen it in two of them.")),
    ((DOES, "I have a fix on staging. Could you have a look?"), (ASKS, "Looks good to me, thank you!")),
    ((ASKS, "Can it be done before the end of the month?"), (DOES, "Should be fine, I start on it tomorrow.")),
    ((ASKS, "Two more customers have called because of this."),),
    ((DOES, "Since when do you see it?"), (ASKS, "Since Monday, I think."), (DOES, "That fits the release. Thanks.")),
    ((DOES, "This is larger than it looked; I will need another day."),),
    ((ASKS, "Sent you three examples by mail."), (DOES, "Got them, that is the same cause in all three.")),
    ((DOES, "Waiting for the access to the machine."), (ASKS, "You should have it now.")),
)
