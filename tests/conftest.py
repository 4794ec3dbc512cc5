pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.slack",
    "tests.fixtures.bot",
    "tests.fixtures.delivery",
    "tests.fixtures.logs",
    "tests.fixtures.reminders",
]
