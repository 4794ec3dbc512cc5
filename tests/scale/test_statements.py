"""No statement is forgotten by the plan tests, which take minutes and are not run with the suite."""

import re
from typing import Final

from tests.scale.statements import FEW, NOT_PLANNED, SMALL, STATEMENTS, UNLIMITED
from tests.test_sql import constants

NAMES: Final = re.compile(r"\b(?:public|techops)\.(\w+)")
LIMITED: Final = re.compile(r"\bLIMIT\b[^()]*\Z")
BY_IDS: Final = re.compile(r"\bid = ANY\(\$1")
SKIPPING: Final = re.compile(r"\bOFFSET (?!0\b)")
READS: Final = re.compile(r"\b(?:SELECT|JOIN|USING)\b")


def needs_a_plan(name: str, statement: str) -> bool:
    """Whether it looks for rows of a table that grows, or calls a function of ours."""
    if name in NOT_PLANNED or name.partition(".")[0] in NOT_PLANNED:
        return False
    if statement.lstrip().startswith("INSERT") and not READS.search(statement):
        return False
    return bool(set(NAMES.findall(statement)) - SMALL.keys())


def test_every_statement_over_what_grows_is_planned_at_scale() -> None:
    wanted = {name for name, statement in constants() if needs_a_plan(name, statement)}
    assert wanted - STATEMENTS.keys() == set(), "give arguments and a bound in tests/scale/statements.py"
    assert STATEMENTS.keys() - wanted == set(), "is not there any more, or reads nothing that grows"


def test_what_touches_more_than_a_look_up_says_why() -> None:
    unexplained = [name for name, case in STATEMENTS.items() if case.pages > FEW or case.reads_whole if not case.reason]
    assert unexplained == []


def test_the_planned_statements_are_many() -> None:
    assert len(STATEMENTS) > 180


def test_every_list_is_limited_or_says_what_bounds_it() -> None:
    lists = [it for it in constants() if it[0].partition(".")[2].startswith("LIST_") and needs_a_plan(*it)]
    unlimited = {name for name, sql in lists if not LIMITED.search(sql.strip()) and not BY_IDS.search(sql)}
    assert unlimited == UNLIMITED.keys()


def test_no_list_skips_rows_that_it_has_read() -> None:
    assert [name for name, sql in constants() if SKIPPING.search(sql)] == []
