"""What stands above a list."""

from bot.views.headings import list_heading


def test_a_heading_names_the_list_and_what_it_is_narrowed_to() -> None:
    assert list_heading("open") == "Open requests"
    assert list_heading("mine") == "My open requests"
    assert list_heading("mine", status="completed") == "My requests, completed"
    narrowed = list_heading("all", project="Shop", priority="high", status="in_progress", assignee="Eva")
    assert narrowed == "All requests, project Shop, high priority, in progress, assigned to Eva"


def test_a_heading_fits_above_a_list() -> None:
    long = "x" * 500
    assert len(list_heading("unassigned", project=long, priority="critical", status="completed", assignee=long)) <= 150
