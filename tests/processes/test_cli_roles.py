"""`techops roles` and `techops rls`, as somebody types them."""

import json
import secrets
from pathlib import Path

import asyncpg

from db.pool import DatabaseConfig
from tests.processes.commands import environment, techops


async def test_the_dashboards_role_and_row_security(tmp_path: Path, database: DatabaseConfig) -> None:
    assert database.dsn is not None
    env = environment(tmp_path, OWNER_DATABASE_URL=database.dsn, DATABASE_URL=database.dsn, LOG_LEVEL="warning")
    made = await techops("roles", "dashboard-app", "--json", env=env, cwd=tmp_path)
    assert made.code == 0, made.err
    found = json.loads(made.out)
    assert (found["role"], found["can_log_in"], found["left_out"]) == ("dashboard_app", True, [])
    assert "users" in found["granted"]
    again = await techops("roles", "dashboard-app", env=env, cwd=tmp_path)
    assert again.out.startswith("dashboard_app was there already.")

    role = f"reader_{secrets.token_hex(6)}"
    owner = await asyncpg.connect(database.dsn)
    try:
        await owner.execute(f"CREATE ROLE {role}; GRANT SELECT ON users TO {role}")
        refused = await techops("rls", "enable", env=env, cwd=tmp_path)
        assert (refused.code, f"--role {role}" in refused.err) == (1, True)
        status = json.loads((await techops("rls", "status", "--json", env=env, cwd=tmp_path)).out)
        assert (status["enabled"], status["made_here"]) == (False, False)

        enabled = await techops("rls", "enable", "--role", role, env=env, cwd=tmp_path)
        assert (enabled.code, enabled.out.splitlines()[0]) == (
            0,
            "Row security of users is on, by `techops rls enable`.",
        )
        status = json.loads((await techops("rls", "status", "--json", env=env, cwd=tmp_path)).out)
        shown = {it["role"]: (it["sees"], it["writes"]) for it in status["roles"]}
        assert shown[role] == ("all", "none: no right to write")
        assert shown["dashboard_app"] == ("all", "as its actor may")

        disabled = await techops("rls", "disable", env=env, cwd=tmp_path)
        assert disabled.out.splitlines()[0] == "Row security of users is off."
    finally:
        await owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
        await owner.close()
