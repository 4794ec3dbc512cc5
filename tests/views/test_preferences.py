"""The settings form, and what stands below a link: taken by Slack whatever the text."""

from datetime import time

from hypothesis import given
from hypothesis import strategies as st

from bot.views import preferences as views
from bot.views.unfurls import deployment_preview, request_preview
from db.models import Deployment, Request
from db.models_home import PersonSettings
from sandbox.limits import check_message, check_view
from tests.views import builders as make
from tests.views.checks import assert_harmless, labels, shown
from tests.views.test_deployments import deployments
from tests.views.test_home import several

settings = st.builds(
    PersonSettings,
    own_tz=st.none() | st.sampled_from(["Asia/Tokyo", "America/Argentina/ComodRivadavia"]),
    slack_tz=st.none() | make.text,
    direct_messages=st.booleans(),
    starts_at=st.none() | st.times(),
    ends_at=st.none() | st.times(),
    days=st.none() | st.lists(st.integers(1, 7), unique=True),
)


@given(settings)
def test_slack_takes_any_settings(it: PersonSettings) -> None:
    view = views.form(it)
    check_view(view, "modal")
    assert_harmless(view)
    assert_harmless(views.saved(it).text)


def test_the_form_begins_with_what_counts() -> None:
    it = PersonSettings(
        "Asia/Tokyo", "Europe/Berlin", direct_messages=False, starts_at=time(7), ends_at=time(12), days=[6]
    )
    told = shown(views.form(it)["blocks"])
    assert "Slack says Europe/Berlin" in told
    assert "07:00 to 12:00, Saturday, Asia/Tokyo. Direct messages: off" in views.told(it)
    assert "you get no reminders" in views.saved(it).text
    assert "09:00 to 17:00, Monday to Friday, UTC. Direct messages: on" in views.told(PersonSettings())


@several
@given(make.requests, deployments)
def test_slack_takes_any_preview(request: Request, deployment: Deployment) -> None:
    for preview in (request_preview(request), deployment_preview(deployment)):
        check_message(list(preview.blocks))
        assert_harmless(preview.attachment())
        assert labels(list(preview.blocks)) == []
        title = preview.attachment()["preview"]["title"]  # type: ignore[index] # an object
        assert 0 < len(title["text"]) <= 150


def test_a_preview_s_title_is_as_it_was_typed() -> None:
    title = request_preview(make.taken(title="R&D <!channel>")).title
    assert title.endswith("): R&D <!channel>")
