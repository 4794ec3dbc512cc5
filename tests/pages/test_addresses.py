"""Where links lead to."""

import pytest

from bot.services.links import address_of
from bot.settings import Settings


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ({"public_url": "https://techops.example.com/"}, "https://techops.example.com"),
        ({"port": 3001}, "http://127.0.0.1:3001"),
        ({"host": "0.0.0.0"}, "http://localhost:3000"),  # noqa: S104 - nothing is bound
        ({"host": "::"}, "http://localhost:3000"),
        ({"host": "::1"}, "http://[::1]:3000"),
    ],
)
def test_links_lead_to_where_browsers_reach_us(values: dict[str, object], address: str) -> None:
    settings = Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]
    assert address_of(settings) == address
