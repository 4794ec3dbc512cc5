"""What docs/architecture.md promises about the code, checked on the code itself."""

import ast
import ipaddress
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import handlers
import scheduler.jobs
from bot import app, worker
from bot.context import Deps
from bot.registry import Ask, Kind, Registry, action
from bot.settings import Settings
from bot.views.answers import Answer, Done
from scheduler import registry as schedule

ROOT: Final = Path(__file__).parents[1]
OURS: Final = ("bot", "handlers", "db", "scheduler")
CODE: Final = (*OURS, "sandbox", "migrations")
TOP_LEVEL: Final = {"bot", "handlers", "db", "migrations", "scheduler", "sandbox", "tests", "benchmarks", "docs"}
LONGEST_MODULE: Final = 300
LONGEST_HANDLER: Final = 12
MARKS: Final = {"command", "action", "submission", "options", "shortcut", "event", "route"}

# Documentation and examples may point to these places and below them; nothing in the tree names any other.
HOSTS: Final = {
    "127.0.0.1", "localhost", "slack.com", "slack.dev", "example.com", "example", "json-schema.org", "owasp.org",
    "postgresql.org", "keepachangelog.com", "semver.org", "company.com", "w3.org", "rfc-editor.org", "dora.dev",
    "docs.github.com", "docs.gitlab.com",
}  # fmt: skip
# The dashboard's documented sample data, and Slack's own repositories.
URLS: Final = (
    "https://github.com/company/",
    "https://github.com/Company/",
    "https://github.com/slackapi/",
    "https://github.com/janbjorge/pgqueuer",
)
# What follows a scheme in patterns, templates and made-up attacks.
NO_HOST: Final = re.compile(r"[^a-z0-9]|[xy](?:$|[|/.])|\Z")

BLOCKS: Final = {
    "actions", "alert", "button", "carousel", "checkboxes", "container", "context", "context_actions", "data_table",
    "data_visualization", "datepicker", "divider", "external_select", "file_input", "header", "home", "image", "input",
    "markdown", "modal", "mrkdwn", "number_input", "overflow", "plain_text_input", "radio_buttons", "rich_text",
    "section", "static_select", "table", "timepicker", "users_select", "video",
}  # fmt: skip
SQL: Final = re.compile(
    r"\s*(?:WITH \w+ AS|SELECT\s|INSERT INTO |UPDATE \w|DELETE FROM |MERGE INTO |TRUNCATE |CREATE |ALTER |DROP |GRANT "
    r"|REVOKE |SET (?:LOCAL|SESSION) |BEGIN\b|COMMIT\b|ROLLBACK\b|LISTEN |NOTIFY |VACUUM|ANALYZE|REINDEX |COPY )"
)


def modules(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def texts() -> Iterator[tuple[Path, str]]:
    """Everything that is kept in the repository, as far as it is text."""
    top = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".env"]
    below = [path for folder in (*TOP_LEVEL, ".ci") for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in sorted(top + below):
        if "__pycache__" not in path.parts:
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """String constants that are no docstrings, with the constant parts of f-strings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def test_import_contracts_are_kept() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_top_level_is_fixed() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))}
    assert {it for it in folders if it != "build" and not it.endswith(".egg-info")} <= TOP_LEVEL


def test_no_module_is_too_long() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(*CODE)}
    assert {path: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def marked_functions() -> Iterator[tuple[str, ast.AsyncFunctionDef | ast.FunctionDef]]:
    for path in modules("handlers"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and any(map(_is_mark, node.decorator_list)):
                yield f"{name(path)}:{node.name}", node


def _is_mark(decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")) in MARKS


def test_every_registered_handler_is_looked_at() -> None:
    found = {where.rsplit(":", 1)[1] for where, _ in marked_functions()}
    registered = {entry.handler.__name__ for kind in Kind for entry in app.registry().entries(kind)}
    assert registered == found


def test_handlers_are_short_and_without_try() -> None:
    for where, function in marked_functions():
        body = function.body[1:] if ast.get_docstring(function) is not None else function.body
        length = (body[-1].end_lineno or 0) - body[0].lineno + 1
        assert length <= LONGEST_HANDLER, f"{where} has {length} lines"
        assert not any(isinstance(node, ast.Try) for node in ast.walk(function)), f"{where} catches errors itself"


def test_no_name_is_registered_twice() -> None:
    registry = app.registry()
    every = [(entry.kind, entry.name) for kind in Kind for entry in registry.entries(kind)]
    assert len(every) == len(set(every)) > 0
    assert len({job.id for job in schedule.collect()}) == len(schedule.collect()) > 0


def test_a_name_registered_twice_is_refused() -> None:
    async def handler(_ask: Ask, _deps: Deps) -> Answer:
        return Done()

    twice = action("same")(action("same")(handler))
    entries = twice.__techops_entries__  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="registered twice"):
        Registry(entries)


def _features() -> set[str]:
    """A feature may be spread over files that share its first word: maintenance_card belongs to maintenance."""
    return {path.stem.split("_")[0] for path in Path(handlers.__path__[0]).glob("[a-z]*.py")}


@pytest.mark.parametrize("feature", sorted(_features()))
def test_every_feature_has_tests(feature: str) -> None:
    found = [path for folder in ("handlers", "app") for path in (ROOT / "tests" / folder).glob(f"test_{feature}*.py")]
    assert found, f"handlers/{feature}*.py needs tests/handlers/test_{feature}.py"


def _words_of_tests() -> set[str]:
    """Every string in the tests that go through signed requests, and its first word."""
    paths = [path for folder in ("handlers", "app", "delivery") for path in (ROOT / "tests" / folder).glob("*.py")]
    said = {str(text.value) for path in paths for text in strings(parsed(path))}
    return said | {text.split(" ")[0] for text in said}


def test_every_verb_and_every_button_is_tried_by_a_test() -> None:
    tried = _words_of_tests()
    registry = app.registry()
    verbs = {entry.verb for entry in registry.entries(Kind.COMMAND)} - {""}
    pressed = {entry.name for kind in (Kind.ACTION, Kind.OPTIONS, Kind.SHORTCUT) for entry in registry.entries(kind)}
    assert sorted((verbs | pressed) - tried) == []


def test_every_job_has_tests() -> None:
    for path in Path(scheduler.jobs.__path__[0]).glob("[a-z]*.py"):
        found = [*(ROOT / "tests" / "scheduler").rglob(f"test_{path.stem}*.py")]
        assert found, f"scheduler/jobs/{path.name} needs tests/scheduler/test_{path.stem}.py"


ENQUEUED: Final = re.compile(r"VALUES \(0, '(\w+)'")


def test_workers_take_everything_that_is_enqueued() -> None:
    sources = [*modules("db"), *(ROOT / "migrations").glob("*.sql")]
    enqueued = {entry for path in sources for entry in ENQUEUED.findall(path.read_text(encoding="utf-8"))}
    assert "announce" in enqueued
    enqueued |= {job.entry for job in schedule.collect()}
    assert enqueued <= {*worker.bindings(), *worker.care_bindings()}


def _reads_environment(node: ast.AST) -> bool:
    words = {"environ", "environb", "getenv", "getenvb"}
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and any(alias.name in words for alias in node.names)
    return isinstance(node, ast.Attribute) and node.attr in words


@pytest.mark.parametrize("source", ["os.environ['A']", "import os\nos.getenv('A')", "from os import environ"])
def test_a_read_of_the_environment_is_recognised(source: str) -> None:
    assert any(map(_reads_environment, ast.walk(ast.parse(source))))


def test_only_settings_read_the_environment() -> None:
    readers = {name(path) for path in modules(*OURS) if any(map(_reads_environment, ast.walk(parsed(path))))}
    assert readers <= {"bot/settings.py"}


@pytest.mark.parametrize(
    "text", ["SELECT 1", "\nUPDATE users SET name = $1", "WITH a AS (SELECT 1)", "INSERT INTO a VALUES (1)"]
)
def test_sql_is_recognised(text: str) -> None:
    assert SQL.match(text)


def test_sql_stands_in_db_alone() -> None:
    found = [
        f"{name(path)}:{text.lineno}: {text.value[:60]!r}"
        for path in modules("bot", "handlers", "scheduler", "sandbox")
        for text in strings(parsed(path))
        if SQL.match(str(text.value))
    ]
    assert found == []


def _is_block(node: ast.AST) -> bool:
    if not isinstance(node, ast.Dict):
        return False
    pairs = zip(node.keys, node.values, strict=True)
    return any(
        isinstance(key, ast.Constant)
        and key.value == "type"
        and isinstance(value, ast.Constant)
        and value.value in BLOCKS
        for key, value in pairs
    )


def test_a_block_is_recognised() -> None:
    assert any(map(_is_block, ast.walk(ast.parse("x = [{'type': 'section', 'text': y}]"))))


def test_blocks_stand_in_views_alone() -> None:
    found = [
        f"{name(path)}:{getattr(node, 'lineno', 0)}"
        for path in modules(*OURS)
        if "views" not in path.parts
        for node in ast.walk(parsed(path))
        if _is_block(node)
    ]
    assert found == []


# RFC 1918, as numbers, so that this file does not name what it looks for.
PRIVATE: Final = tuple(ipaddress.ip_network(net) for net in ((0x0A000000, 8), (0xAC100000, 12), (0xC0A80000, 16)))
ADDRESS: Final = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
HOME: Final = re.compile(r"(?<![\w.])/(?:root|home|Users)/\w")
LINK: Final = re.compile(r"https?://([^\s/:\"'`)>\\}\]|?#,]*)")


def _is_private(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in PRIVATE)


def test_a_private_address_is_recognised() -> None:
    assert _is_private(str(PRIVATE[0][1]))
    assert not _is_private("127.0.0.1")
    assert not _is_private("1.2.3.999")


def test_no_private_address_and_no_home_directory_is_named() -> None:
    for path, text in texts():
        private = [found for found in ADDRESS.findall(text) if _is_private(found)]
        assert private == [], f"{name(path)} names {private}"
        assert HOME.search(text) is None, f"{name(path)} names a home directory"


def _is_known(host: str) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in HOSTS)


def test_links_lead_to_known_places_only() -> None:
    for path, text in texts():
        if path == Path(__file__):
            continue
        for match in LINK.finditer(text):
            known = _is_known(match[1].lower()) or NO_HOST.match(match[1]) or text.startswith(URLS, match.start())
            assert known, f"{name(path)} links to {match[1]!r}"


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_by_hash_and_name_no_index(file: str) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("-")] == []
    assert [line for line in lines if "://" in line] == []
    pins = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert pins
    assert all("==" in line and line.endswith("\\") for line in pins)


def test_example_names_every_setting_and_no_other() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", text, re.MULTILINE)
    assert sorted(named) == sorted(field.upper() for field in Settings.model_fields)


def test_every_setting_of_the_example_is_explained() -> None:
    blocks = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    explained = False
    for line in blocks:
        if re.match(r"#?[A-Z][A-Z0-9_]*=", line):
            assert explained, f"{line} stands without a comment above it"
        elif line.startswith("# "):
            explained = True
        elif not line.strip():
            explained = False
