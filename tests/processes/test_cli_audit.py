"""`techops audit`, as somebody types it."""

import json
from pathlib import Path

from db.pool import DatabaseConfig
from tests.audit.conftest import act, seals, write
from tests.processes.commands import environment, techops


async def test_the_chain_is_sealed_verified_pruned_and_broken(tmp_path: Path, database: DatabaseConfig) -> None:
    assert database.dsn is not None
    env = environment(tmp_path, DATABASE_URL=database.dsn, BACKUP_DIR=str(tmp_path / "kept"), LOG_LEVEL="warning")
    await write(database, 4)
    assert (await techops("run-job", "audit_seal", env=env, cwd=tmp_path)).code == 0
    [seal] = await seals(database)
    whole = await techops("audit", "verify", "--head", seal["hash"][:16], env=env, cwd=tmp_path)
    assert whole.code == 0, whole.err
    assert f"The audit is whole: 4 rows in 1 segments; head 1 {seal['hash']}" in whole.out
    unknown = await techops("audit", "verify", "--head", "0" * 64, "--json", env=env, cwd=tmp_path)
    told = json.loads(unknown.out)
    assert (unknown.code, told["sound"], told["faults"][0]["kind"]) == (1, False, "head")

    forever = await techops("audit", "prune", env=env, cwd=tmp_path)
    assert (forever.code, "AUDIT_KEEP_DAYS is not set" in forever.err) == (1, True)
    await act(database, "UPDATE techops.activity SET verb = 'x' WHERE id = 2")
    broken = await techops("audit", "verify", env=env, cwd=tmp_path)
    assert broken.code == 1
    assert "altered: Rows of segment 1 were altered. Rows: 2" in broken.err
    young = await techops("audit", "prune", env=env | {"AUDIT_KEEP_DAYS": "30"}, cwd=tmp_path)
    assert (young.code, "Nothing was sealed more than 30 days ago" in young.out) == (0, True)
