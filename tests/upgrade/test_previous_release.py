"""The previous release's tests pass on this release's schema: its processes go on working while they are replaced."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from db.pool import DatabaseConfig
from tests.upgrade.previous import PREVIOUS

ROOT: Final = Path(__file__).parents[2]
CONFTEST: Final = Path(__file__).with_name("conftest_of_previous.py")
# Every statement of the release; then people, requests, deployments, messages and the API, as far as a minute goes.
CHOSEN: Final = (
    *("tests/test_sql.py", "tests/app/test_people.py", "tests/scheduler/test_housekeeping.py"),
    *("tests/handlers/test_flow.py", "tests/handlers/test_card.py", "tests/handlers/test_deploy.py"),
    *("tests/delivery/test_cards.py", "tests/delivery/test_notices.py"),
    *("tests/api/test_requests.py", "tests/api/test_deployments.py"),
)
FEWEST: Final = 60


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    # a checkout may belong to somebody else than runs the tests
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture(scope="module", autouse=True)
def _history() -> None:
    try:
        shallow = git("rev-parse", "--is-shallow-repository")
    except FileNotFoundError:
        pytest.skip("git is not installed, so the previous release is not at hand")
    if shallow.stdout.strip() != "false":
        pytest.skip("no git history here, so the previous release is not at hand")
    if git("cat-file", "-e", PREVIOUS.commit).returncode != 0:
        pytest.skip(f"{PREVIOUS.tag} is not in this history")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The previous release's files."""
    directory = tmp_path_factory.mktemp("previous")
    archive = directory / "release.tar"
    done = git("archive", f"--output={archive}", PREVIOUS.commit)
    assert done.returncode == 0, f"{PREVIOUS.tag} is not in the history: {done.stderr}"
    unpacked = directory / "release"
    unpacked.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", unpacked], check=True, timeout=30)
    with (unpacked / "tests/conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write("\n\n" + CONFTEST.read_text(encoding="utf-8"))
    return unpacked


def test_the_previous_release_is_the_newest_tag() -> None:
    tags = git("tag", "--merged", "HEAD^", "--sort=-version:refname", "v*").stdout.split()
    if not tags:
        pytest.skip("a clone without tags")
    assert tags[0] == PREVIOUS.tag, "name the release in tests/upgrade/previous.py"
    assert git("rev-list", "-n", "1", PREVIOUS.tag).stdout.strip() == PREVIOUS.commit


@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="done on the embedded server")
@pytest.mark.timeout(420)
def test_the_previous_releases_tests_pass_on_this_schema(tree: Path, server: DatabaseConfig, template: str) -> None:
    assert server.dsn is not None
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env = kept | {"PYTHONPATH": str(tree), "TEST_DATABASE_URL": server.dsn, "UPGRADED_TEMPLATE": template}
    said = [pytest_in(tree, env)]
    if said[0].returncode == 1:
        # deadlines of two seconds pass on a machine that does other things as well: what failed is tried once more
        said.append(pytest_in(tree, env, "--last-failed"))
    assert said[-1].returncode == 0, said[0].stdout[-6000:] + said[-1].stdout[-6000:]
    last = said[0].stdout.strip().splitlines()[-1]
    assert int(last.split(" passed")[0].split()[-1]) > FEWEST, last


def pytest_in(tree: Path, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the chosen tests of the release in `tree`."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-o", "addopts=--import-mode=importlib"]
    command += [*arguments, *CHOSEN]
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=200, check=False)
