"""The main path, through signed requests: raised in a dialog, taken, started, worked on and completed from the card."""

from tests.fixtures.bot import RunningBot


async def test_a_request_from_the_dialog_to_its_completion(bot: RunningBot) -> None:
    opened = await bot.uma.slash("maintenance", "new Disk full")
    assert opened.view is not None
    options = await bot.uma.options(opened.view, "maintenance.project", "web")
    values = {"Description": "No space left", "Project": options[1]["text"]["text"], "Due date": "2030-01-02"}
    made = await bot.uma.submit(opened.view, values)
    assert made.closed, made
    card = await bot.card(1)
    await bot.erik.click(card, "maintenance.assign_me")
    await bot.until(lambda: "Erik Engineer" in str(card.blocks))
    await bot.erik.click(card, "maintenance.start")
    await bot.until(lambda: "In progress" in str(card.blocks))
    form = await bot.erik.click(card, "maintenance.log_work")
    assert form.view is not None
    assert (await bot.erik.submit(form.view, {"Hours": "1h30m", "What was done": "Cleaned up"})).closed
    form = await bot.erik.click(card, "maintenance.complete")
    assert form.view is not None
    assert (await bot.erik.submit(form.view, {"Note": "New disk", "Hours": "0.25"})).closed
    await bot.until(lambda: "1.75 hours" in str(card.blocks) and "Completed" in str(card.blocks))
    [row] = await bot.fetch("SELECT status, assigned_to, project_id FROM maintenance_requests")
    assert row == {"status": "completed", "assigned_to": 2, "project_id": 2}
    history = await bot.fetch("SELECT new_status, changed_by, notes FROM maintenance_status_history ORDER BY id")
    assert [(entry["new_status"], entry["changed_by"]) for entry in history] == [("in_progress", 2), ("completed", 2)]
    assert history[1]["notes"] == "New disk"
