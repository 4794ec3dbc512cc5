"""Migrations expand first and contract later, and lock no table that is in use for long.

While a release is rolled out, the one before it works on the new schema. squawk looks for statements that lock a table
for long or take something away; what it has no rule for is looked for here.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from db.scripts import Script, load_scripts
from tests.upgrade.previous import PREVIOUS

ROOT: Final = Path(__file__).parents[1]
SQUAWK: Final = str(Path(sys.executable).with_name("squawk"))
# Landed before this check, and immutable. Nothing is added here: a new migration is written otherwise.
LANDED: Final = {
    ("0002_add_project_columns", "require-concurrent-index-creation"): "of a new column, of a table of some dozen rows",
    ("0014_create_reminders", "require-concurrent-index-creation"): "of tables that the same file has just made",
    ("0015_create_subscriptions", "require-concurrent-index-creation"): "of tables that the same file has just made",
}
LAST_BEFORE: Final = 18
# Taking away, which a release may do when no running one uses the thing any more.
CONTRACTING: Final = re.compile(r"ban-drop-[a-z-]+|renaming-[a-z-]+|ban-set-schema|changing-column-type")
IGNORED: Final = re.compile(r"^.*squawk-ignore.*$", re.MULTILINE)
MARK: Final = re.compile(r"-- Unused since (\d+)\.(\d+)\.(\d+): \S.*\n-- squawk-ignore ([a-z-]+)\n")
UNRULED: Final = re.compile(
    r"(?:LOCK|TRUNCATE|CLUSTER|VACUUM|REFRESH MATERIALIZED VIEW (?!CONCURRENTLY))\b"
    r"|ALTER TABLE\b.*\bSET (?:UNLOGGED|LOGGED|TABLESPACE|ACCESS METHOD)\b"
    r"|ALTER TABLE\b.*\b(?:DISABLE TRIGGER|REPLICA IDENTITY)\b",
    re.IGNORECASE | re.DOTALL,
)
COMMENTS: Final = re.compile(r"\A(?:\s|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
# Statements that are put together at run time are seen by no checker.
DYNAMIC: Final = re.compile(r"DO\s+\$(?!grants\$).*\bEXECUTE\s+(?!FUNCTION|PROCEDURE)", re.IGNORECASE | re.DOTALL)


def squawk(files: Sequence[Path], *, in_transaction: bool) -> set[tuple[str, str]]:
    """The rules that these files break, by the file's name."""
    if not files:
        return set()
    command = [SQUAWK, "--config", str(ROOT / ".squawk.toml"), "--reporter", "json"]
    command += ["--assume-in-transaction"] if in_transaction else []
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return {(Path(found["file"]).stem, found["rule_name"]) for found in json.loads(done.stdout or "[]")}


def broken(scripts: Sequence[Script], directory: Path) -> set[tuple[str, str]]:
    """The rules that migrations break, squawk's and ours, by the migration's name."""
    found = set()
    for whole in (True, False):
        files = [directory / f"{script.name}.sql" for script in scripts if script.in_transaction is whole]
        found |= squawk(files, in_transaction=whole)
    for script in scripts:
        for statement in script.statements():
            bare = COMMENTS.sub("", statement)
            found |= {(script.name, "locks-a-table")} if UNRULED.match(bare) else set()
            if script.version > LAST_BEFORE and DYNAMIC.match(bare):
                found.add((script.name, "dynamic-statement"))
    return found


def test_migrations_lock_no_table_in_use_and_take_nothing_away() -> None:
    found = broken(load_scripts(), ROOT / "migrations")
    assert found - LANDED.keys() == set()
    assert LANDED.keys() <= found, "an exception that is not needed"


def wrong_marks(script: Script) -> list[str]:
    """Places where squawk is told to look away, other than for a thing that the previous release has no use for."""
    known = {
        f"-- squawk-ignore {rule}"
        for *version, rule in MARK.findall(script.sql)
        if CONTRACTING.fullmatch(rule) and tuple(map(int, version)) <= PREVIOUS.version
    }
    return [line for line in IGNORED.findall(script.sql) if line not in known]


@pytest.mark.parametrize("script", load_scripts(), ids=lambda script: script.name)
def test_what_is_taken_away_was_unused_in_the_previous_release(script: Script) -> None:
    assert wrong_marks(script) == []


SAMPLES: Final = (
    ("CREATE INDEX i ON techops.cards (channel_id);", "require-concurrent-index-creation"),
    ("SELECT 1; CREATE INDEX CONCURRENTLY i ON techops.cards (a);", "ban-concurrent-index-creation-in-transaction"),
    ("DROP INDEX techops.cards_message_idx;", "require-concurrent-index-deletion"),
    ("REINDEX TABLE techops.cards;", "require-concurrent-reindex"),
    ("ALTER TABLE techops.cards ADD COLUMN a text NOT NULL;", "adding-required-field"),
    ("ALTER TABLE techops.cards ADD COLUMN a timestamptz DEFAULT clock_timestamp();", "adding-field-with-default"),
    ("ALTER TABLE techops.cards ADD COLUMN a bigint GENERATED ALWAYS AS IDENTITY;", "adding-field-with-default"),
    ("ALTER TABLE techops.cards ALTER COLUMN target TYPE bigint USING 1;", "changing-column-type"),
    ("ALTER TABLE techops.cards ALTER COLUMN target SET NOT NULL;", "adding-not-nullable-field"),
    ("ALTER TABLE techops.cards ADD CHECK (id > 1);", "constraint-missing-not-valid"),
    ("ALTER TABLE techops.cards ADD FOREIGN KEY (a) REFERENCES public.users (id);", "adding-foreign-key-constraint"),
    ("ALTER TABLE techops.cards ADD COLUMN a int REFERENCES public.users (id);", "adding-foreign-key-constraint"),
    ("ALTER TABLE techops.cards ADD UNIQUE (a);", "disallowed-unique-constraint"),
    ("ALTER TABLE techops.cards RENAME COLUMN a TO b;", "renaming-column"),
    ("ALTER TABLE techops.cards RENAME TO b;", "renaming-table"),
    ("ALTER TABLE techops.cards DROP COLUMN b;", "ban-drop-column"),
    ("DROP TABLE techops.cards;", "ban-drop-table"),
    ("DROP FUNCTION techops.current_actor();", "ban-drop-function"),
    ("DROP VIEW public.engineers_view;", "ban-drop-view"),
    ("-- all of it\nLOCK TABLE techops.cards;", "locks-a-table"),
    ("TRUNCATE techops.cards;", "locks-a-table"),
    ("ALTER TABLE techops.cards SET UNLOGGED;", "locks-a-table"),
    ("DO $$ BEGIN EXECUTE 'DROP TABLE techops.cards'; END $$;", "dynamic-statement"),
)
ALLOWED: Final = (
    "CREATE TABLE techops.a (id bigint, b text); CREATE INDEX a_b_idx ON techops.a (b);",
    "ALTER TABLE techops.cards ADD COLUMN a text;",
    "ALTER TABLE techops.cards ADD COLUMN a text NOT NULL DEFAULT 'x';",
    "ALTER TABLE techops.cards ADD CONSTRAINT c CHECK (id > 1) NOT VALID;",
    "CREATE TRIGGER t AFTER INSERT ON techops.cards FOR EACH ROW EXECUTE FUNCTION techops.f();",
    "CREATE OR REPLACE FUNCTION techops.f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;",
    "DO $grants$ BEGIN EXECUTE format('GRANT SELECT ON %s TO techops_app', 'techops.cards'); END $grants$;",
    "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON techops.cards (target);",
    "-- Unused since 0.1.0: the cards' colour.\n-- squawk-ignore ban-drop-column\nALTER TABLE cards DROP COLUMN b;",
)


def sample(directory: Path, sql: str) -> Script:
    """A migration with this text."""
    script = Script(9999, "9999_try_this", sql)
    (directory / f"{script.name}.sql").write_text(sql, encoding="utf-8")
    return script


@pytest.mark.parametrize(("sql", "rule"), SAMPLES, ids=[rule for _, rule in SAMPLES])
def test_a_statement_that_must_not_be_is_found(tmp_path: Path, sql: str, rule: str) -> None:
    assert ("9999_try_this", rule) in broken([sample(tmp_path, sql)], tmp_path)


@pytest.mark.parametrize("sql", ALLOWED)
def test_what_is_meant_instead_is_let_through(tmp_path: Path, sql: str) -> None:
    script = sample(tmp_path, sql)
    assert broken([script], tmp_path) == set()
    assert wrong_marks(script) == []


@pytest.mark.parametrize(
    "sql",
    [
        "-- squawk-ignore ban-drop-column\nALTER TABLE techops.cards DROP COLUMN b;",
        "-- Unused since 99.0.0: not even released.\n-- squawk-ignore ban-drop-column\nALTER TABLE a DROP COLUMN b;",
        "-- Unused since 0.1.0: no reason to block.\n-- squawk-ignore disallowed-unique-constraint\nSELECT 1;",
        "-- squawk-ignore-file\nSELECT 1;",
    ],
)
def test_looking_away_takes_a_release_and_a_thing_taken_away(tmp_path: Path, sql: str) -> None:
    assert wrong_marks(sample(tmp_path, sql)) != []
