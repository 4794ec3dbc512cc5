"""`/r/N` and `/d/N`: records to read, after sign-in."""

from datetime import timedelta

from tests.fixtures.bot import RunningBot
from tests.pages.conftest import EVA, PASSWORD, Answer, Browser, give_password, password_link_of

DEPLOYMENT = """
INSERT INTO deployments (project_id, version, environment, status, deployed_by, deployed_at, duration, notes)
VALUES (2, 'v1.2.3', 'production', 'success', 2, now() AT TIME ZONE 'UTC', 65, 'Went <b>well</b>') RETURNING id
"""


async def sign_in(bot: RunningBot, browser: Browser, path: str = "/sign-in") -> Answer:
    await give_password(bot, EVA, cost=12)
    asked = await browser.get(path, follow=True)
    return await browser.fill(asked, "/sign-in", email="eva@example.com", password=PASSWORD)


async def raise_request(bot: RunningBot) -> int:
    [row] = await bot.fetch(
        "INSERT INTO maintenance_requests (title, description, requested_by, priority, due_date) "
        "VALUES ('Disk <full>', 'No space & no time', 1, 'high', '2026-12-24 10:00') RETURNING id"
    )
    return int(row["id"])


async def test_a_request_is_shown_after_sign_in(bot: RunningBot, browser: Browser) -> None:
    number = await raise_request(bot)
    asked = await browser.get(f"/r/{number}")
    assert (asked.status, asked.headers["Location"]) == (303, f"/sign-in?next=/r/{number}")  # type: ignore[index,call-overload]
    assert "Disk" not in asked.text
    await bot.erik.slash("maintenance", f"assign {number} me")
    await bot.erik.slash("maintenance", f"start {number} on <it>")
    await bot.erik.slash("maintenance", f"comment {number} nearly & done")
    await bot.erik.slash("worklog", f"{number} 1.5h cleaned up")
    entered = await sign_in(bot, browser, f"/r/{number}")
    assert (entered.status, entered.headers["Location"]) == (303, f"/r/{number}")  # type: ignore[index,call-overload]
    shown = await browser.get(f"/r/{number}")
    assert (shown.status, shown.heading) == (200, "Disk &lt;full&gt;")
    for text in (
        *(f"MR-{number}", "In progress", "High", "No project", "Ada Admin", "Erik Engineer", "1.5 hours"),
        *("24 December 2026, 10:00", "No space &amp; no time", "changed the status from open to in progress"),
        *("on &lt;it&gt;", "nearly &amp; done", "cleaned up", f"Ada Admin raised MR-{number}."),
    ):
        assert text in shown.text, text
    assert "<full>" not in shown.text
    assert f"started work on MR-{number}" not in shown.text, "told once"


async def test_a_deployment_is_shown_after_sign_in(bot: RunningBot, browser: Browser) -> None:
    [row] = await bot.fetch(DEPLOYMENT)
    await sign_in(bot, browser)
    shown = await browser.get(f"/d/{row['id']}")
    assert (shown.status, shown.heading) == (200, "Web App v1.2.3 to production")
    for text in (f"D-{row['id']}", "Success", "Production", "Erik Engineer", "1m 5s", "Went &lt;b&gt;well&lt;/b&gt;"):
        assert text in shown.text, text


async def test_what_is_not_there_is_told_to_readers_only(bot: RunningBot, browser: Browser) -> None:
    paths = ("/r/77", "/d/77", "/r/0", "/r/x", "/r/9999999999999", "/d/-1", "/r/1%2F..", "/r/%00")
    for path in paths:
        assert (await browser.get(path)).status == 303, path
    await sign_in(bot, browser)
    for path in paths:
        missing = await browser.get(path)
        assert (missing.status, missing.heading) == (404, "There is no such record"), path


async def test_wrong_passwords_are_refused_and_limited(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    page = await browser.get("/sign-in")
    for email in ("eva@example.com", "nobody@example.com"):
        assert (await browser.fill(page, "/sign-in", email=email, password="wrong")).status == 401
    async with bot.deps.pool.transaction() as conn:
        await conn.execute(
            "SELECT techops.begin_sign_in(NULL, 'eva@example.com', '192.0.2.1', $1) FROM generate_series(1, 4)",
            bot.deps.now(),
        )
    limited = await browser.fill(page, "/sign-in", email="eva@example.com", password=PASSWORD)
    assert limited.status == 429
    assert limited.cookies.get("techops_session") is None


async def test_a_session_ends_by_the_button(bot: RunningBot, browser: Browser, program: Browser) -> None:
    entered = await sign_in(bot, browser)
    cookie = entered.cookies["techops_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "43200")
    page = await browser.get("/sign-in")
    assert page.heading == "You are signed in"
    assert "Eva Engineer" in page.text
    out = await browser.fill(page, "/sign-out")
    assert (out.status, out.heading) == (200, "You are signed out")
    kept = {"Cookie": f"techops_session={cookie.value}"}
    assert (await program.get("/r/1", headers=kept)).status == 303, "a copy of the cookie is worth nothing"
    assert await bot.fetch("SELECT user_id FROM techops.page_sessions") == []


async def test_another_site_cannot_sign_anybody_out(bot: RunningBot, browser: Browser) -> None:
    await sign_in(bot, browser)
    assert (await browser.post("/sign-out", {})).status == 403
    assert (await browser.get("/sign-in")).heading == "You are signed in"


async def test_a_session_lasts_twelve_hours(bot: RunningBot, browser: Browser) -> None:
    entered = await sign_in(bot, browser)
    browser.headers["Cookie"] = f"techops_session={entered.cookies['techops_session'].value}"
    bot.clock.offset = timedelta(hours=11, minutes=59)
    assert (await browser.get("/r/1")).status == 404
    bot.clock.offset = timedelta(hours=12, seconds=1)
    assert (await browser.get("/r/1")).status == 303


async def test_deactivation_and_a_new_password_end_it_at_the_next_request(bot: RunningBot, browser: Browser) -> None:
    await sign_in(bot, browser)
    assert (await browser.get("/r/1")).status == 404
    await bot.fetch("UPDATE users SET is_active = false WHERE id = 3 RETURNING id")
    assert (await browser.get("/r/1")).status == 303
    await bot.fetch("UPDATE users SET is_active = true WHERE id = 3 RETURNING id")
    page = await browser.get(await password_link_of(bot, EVA))
    new = "a quite new password"
    assert (await browser.fill(page, "/password", password=new, repeated=new)).status == 200
    assert (await browser.get("/r/1")).status == 303


async def test_a_sign_in_leads_to_our_own_pages_only(bot: RunningBot, browser: Browser) -> None:
    foreign = [
        "//evil.example",
        "https://evil.example",
        "/r/1/../../x",
        "/r/1?x",
        "/link",
        "\\\\evil",
        "/r/1\r\nX: y",
        "/r/1\n",
    ]
    for path in foreign:
        page = await browser.get("/sign-in", params={"next": path})
        assert page.hidden()["next"] == "", path
    await give_password(bot, EVA, cost=12)
    form = page.hidden() | {"next": foreign[0], "email": "eva@example.com", "password": PASSWORD}
    entered = await browser.post("/sign-in", form)
    assert entered.headers["Location"] == "/sign-in"  # type: ignore[index,call-overload]
