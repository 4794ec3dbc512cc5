"""Every statement of the program is one that the migrated database understands."""

import importlib
import itertools
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import asyncpg

from db import queries
from db.models_audit import AuditView
from db.pool import DatabaseConfig
from db.queries import audit_pages, deployment_pages, keyset
from db.queries.request_pages import Cursor, Narrowing, page_statement
from db.scripts import Script

STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|CREATE|ALTER|DROP|SET|LISTEN|NOTIFY)\b")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def constants() -> Iterator[tuple[str, str]]:
    """The SQL constants of db/queries, by module and name."""
    for info in pkgutil.iter_modules(queries.__path__):
        module = importlib.import_module(f"{queries.__name__}.{info.name}")
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, str) and STATEMENT.match(value):
                # a script of several statements is run as one, but prepared one by one
                yield from ((f"{info.name}.{name}", statement) for statement in Script(0, name, value).statements())


def page_statements() -> Iterator[tuple[str, str]]:
    """The statements that read a page, in every shape."""
    shapes = itertools.product((False, True), (None, NOW), (False, True), (None, 1), (None, 1), (None, "high"))
    cursors = (None, Cursor(None, 7), Cursor(NOW.replace(tzinfo=None), 7, backwards=True))
    for (open_only, overdue_at, unassigned, of, number, text), cursor in itertools.product(shapes, cursors):
        narrowing = Narrowing(open_only, overdue_at, unassigned, of, number, number, number, text, text)
        yield f"page of {narrowing}, {cursor}", page_statement(narrowing, cursor, 11)[0]


def deployment_page_statements() -> Iterator[tuple[str, str]]:
    """The same for deployments."""
    shapes = itertools.product((None, 1), (None, "staging"), (None, "failed"), (None, True, False))
    for project_id, environment, status, backwards in shapes:
        cursor = None if backwards is None else keyset.Cursor(7, backwards=backwards)
        narrowing = deployment_pages.Narrowing(project_id, environment, status)
        yield f"page of {narrowing}, {cursor}", deployment_pages.page_statement(narrowing, cursor, 11)[0]


def audit_page_statements() -> Iterator[tuple[str, str]]:
    """The same for the audit; its conditions are independent of each other."""
    every = AuditView("maintenance", 1, 1, 1, "created", "slack", NOW, NOW)
    for narrowing in (AuditView(), AuditView(project_id=1), every):
        for cursor in (None, keyset.Cursor(7), keyset.Cursor(7, backwards=True)):
            yield f"page of {narrowing}, {cursor}", audit_pages.page_statement(narrowing, cursor, 11)[0]
        yield f"count of {narrowing}", audit_pages.count_statement(narrowing)[0]


async def test_every_statement_can_be_prepared(database: DatabaseConfig) -> None:
    connection = await asyncpg.connect(database.dsn)
    refused = {}
    pages = (*page_statements(), *deployment_page_statements(), *audit_page_statements())
    try:
        for name, statement in (*constants(), *pages):
            try:
                await connection.prepare(statement)
            except asyncpg.PostgresError as error:
                refused[name] = str(error)
    finally:
        await connection.close()
    assert refused == {}


def test_the_statements_are_found() -> None:
    found = dict(constants())
    assert {"people.GET_USER", "requests.LIST_BY_IDS", "worklogs.LIST_REPORT", "outbox.INSERT_JOBS"} <= set(found)
    assert len(found) > 50
