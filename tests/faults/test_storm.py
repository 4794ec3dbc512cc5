"""A short storm in each mode; `make soak` has longer ones. `python -m tests.faults --seed N` repeats one."""

from pathlib import Path

import pytest

from tests.faults.storm import storm

SECONDS = 12.0


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("seed", "socket_mode"), [(20_260, False), (20_261, True)])
async def test_nothing_is_lost_doubled_or_stuck(tmp_path: Path, seed: int, *, socket_mode: bool) -> None:
    outcome = await storm(tmp_path, seed=seed, seconds=SECONDS, socket_mode=socket_mode)
    assert outcome.faults == [], outcome.happened
    assert outcome.told["deployment done"] > 0
    assert outcome.messages > 0
    assert outcome.reminders > 0
    assert len(outcome.happened) > 3
