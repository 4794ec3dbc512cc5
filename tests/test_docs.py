"""The documents say what is there: links lead somewhere, commands exist, and none is left out."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from bot import app, cli
from bot.registry import Kind, UnknownVerb
from bot.settings import Settings
from scheduler import registry as schedule

ROOT: Final = Path(__file__).parents[1]
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
REFERENCE: Final = ROOT / "docs/commands.md"
LINK: Final = re.compile(r"(?<!!)\[[^\]\[]*\]\(([^)\s]+)\)")
FENCE: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE: Final = re.compile(r"`([^`\n]+)`")
SLASH: Final = re.compile(r"/([a-z]+)(?:\s+(.*))?")
TECHOPS: Final = re.compile(r"(?:\.venv/bin/)?techops(?:\s+(.*))?")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings: lower case, punctuation dropped, blanks to hyphens."""
    headings = re.findall(r"^#+\s+(.+)$", FENCE.sub("", read(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code(path: Path) -> Iterator[str]:
    """What is set as code: spans, and the lines of fenced blocks without their comments."""
    text = read(path)
    for block in FENCE.findall(text):
        yield from (line.split("  #")[0].strip() for line in block.splitlines()[1:-1])
    yield from (span.replace("\\|", "|") for span in CODE.findall(FENCE.sub("", text)))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(FENCE.sub("", read(path))):
        if "://" in target:
            continue
        place, _, anchor = unquote(target).partition("#")
        there = (path.parent / place).resolve() if place else path
        assert there.exists(), f"{name(path)} links to {target}"
        assert there.is_relative_to(ROOT), f"{name(path)} links outside: {target}"
        assert not anchor or anchor in anchors(there), f"{name(path)} links to {target}, which has no such heading"


def slash_commands(path: Path) -> Iterator[tuple[str, str]]:
    slashes = {*app.registry().slashes(), "maintenance", "worklog", "deploy", "project", "techops"}
    for text in code(path):
        match = SLASH.fullmatch(text)
        if match and match[1] in slashes:
            yield match[1], match[2] or ""


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_slash_commands_that_are_named_exist(path: Path) -> None:
    for slash, text in slash_commands(path):
        found = app.registry().find_command(slash, re.sub(r"\bID\b", "42", text))
        known = not isinstance(found, UnknownVerb) or found.word.lower() == "help"
        assert known, f"{name(path)} names `/{slash} {text}`"


def test_every_verb_is_in_the_reference_with_its_arguments() -> None:
    listed = {f"/{slash} {text}".strip() for slash, text in slash_commands(REFERENCE)}
    registered = {f"/{entry.slash} {entry.usage}".strip() for entry in app.registry().entries(Kind.COMMAND)}
    assert registered <= listed, f"docs/commands.md leaves out {sorted(registered - listed)}"


def test_the_reference_says_who_may() -> None:
    text = read(REFERENCE).replace("\\|", "¦")
    rows = dict(re.findall(r"^\| `(/maintenance[^`]*)` \| ([^|]+) \|", text, re.MULTILINE))
    for entry in app.registry().commands("maintenance"):
        who = rows[f"/maintenance {entry.usage}".strip().replace("|", "¦")]
        assert ("engineer" in who) == (entry.role == "engineer" or entry.verb in {"cancel", "comment"}), entry.name


def test_readme_names_every_verb() -> None:
    named = {(slash, text.split(" ")[0]) for slash, text in slash_commands(ROOT / "README.md")}
    registered = {(entry.slash, entry.verb.split(" ")[0]) for entry in app.registry().entries(Kind.COMMAND)}
    assert registered - named == set()


def program() -> TyperGroup:
    group = get_command(cli.app)
    assert isinstance(group, TyperGroup)
    return group


def leaves(group: TyperGroup, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    for word, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from leaves(command, (*prefix, word))
        else:
            yield (*prefix, word), command


def techops_commands(path: Path) -> Iterator[list[str]]:
    for text in code(path):
        match = TECHOPS.fullmatch(text)
        if match and match[1]:
            yield re.sub(r"[\[\]]", " ", match[1]).split()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_techops_commands_that_are_named_exist(path: Path) -> None:
    for words in techops_commands(path):
        command: TyperCommand | TyperGroup = program()
        rest = list(words)
        while rest and isinstance(command, TyperGroup):
            found = command.commands.get(rest[0])
            assert found is not None, f"{name(path)} names `techops {' '.join(words)}`"
            command = found
            rest.pop(0)
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        wrong = [word for word in rest if word.startswith("--") and word not in options]
        assert wrong == [], f"{name(path)} gives `techops {' '.join(words)}` options it does not have"


def test_every_techops_command_is_in_the_reference_with_its_options() -> None:
    listed = list(techops_commands(REFERENCE))
    for words, command in leaves(program()):
        lines = [line for line in listed if tuple(line[: len(words)]) == words]
        assert lines, f"docs/commands.md leaves out `techops {' '.join(words)}`"
        options = {parameter.opts[0] for parameter in command.params if isinstance(parameter, TyperOption)} - {"--help"}
        assert options <= {word for line in lines for word in line}, words


def test_every_job_is_in_the_reference() -> None:
    text = read(REFERENCE)
    assert [job.id for job in schedule.collect() if f"`{job.id}`" not in text] == []


def test_settings_that_are_named_exist() -> None:
    known = {field.upper() for field in Settings.model_fields} | {"TEST_DATABASE_URL"}
    family = re.compile(r"(?:SLACK|DB|DATABASE|OWNER|DASHBOARD|TECHOPS|METRICS|PUBLIC|BACKUP|DATA|LOG)_[A-Z_]*[A-Z]")
    for path in DOCUMENTS:
        unknown = {word for word in CODE.findall(read(path)) if family.fullmatch(word)} - known
        assert unknown == set(), f"{name(path)} names {sorted(unknown)}"


def test_decisions_are_numbered_without_gaps() -> None:
    records = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [path.name[:4] for path in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    for path in records:
        text = read(path)
        assert text.startswith(f"# {path.name[:4]} ")
        assert all(f"**{part}.**" in text for part in ("Situation", "Decision", "Consequences")), name(path)


def test_the_packages_version_is_in_the_changelog() -> None:
    version = re.search(r'^version = "(.+)"$', read(ROOT / "pyproject.toml"), re.MULTILINE)
    assert version is not None
    assert f"## [{version[1]}]" in read(ROOT / "CHANGELOG.md")


def test_the_checklist_says_whether_it_was_walked() -> None:
    text = read(ROOT / "docs/operations.md")
    walked = "Walked by, on, result: *nobody yet*" not in text
    said = "**Nobody has walked this yet.**" in text and "**Nobody has done this yet.**" in read(ROOT / "README.md")
    assert walked != said
