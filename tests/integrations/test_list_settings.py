"""Where lists come from and how Inspektor is reached: official addresses in production, and nothing half set."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from integrations.settings import LOCAL_LISTS, OFAC_PUBLISHED, UN_PUBLISHED, InspektorSettings, ListSettings

PRODUCTION = {"APP_ENV": "production"}


def test_lists_come_from_where_they_are_published_in_production_and_from_this_machine_elsewhere():
    assert ListSettings().ofac_url == LOCAL_LISTS
    there = ListSettings(**PRODUCTION)
    assert (there.ofac_url, there.un_url) == (OFAC_PUBLISHED, UN_PUBLISHED)
    with pytest.raises(ValidationError, match="LISTS_UN_URL"):
        ListSettings(**PRODUCTION, un_url="http://espejo.test/consolidated.xml")


def test_inspektor_is_optional_and_never_half_set():
    assert InspektorSettings(**PRODUCTION).url == ""
    with pytest.raises(ValidationError, match="INSPEKTOR_USER"):
        InspektorSettings(**PRODUCTION, url="https://inspektor.test/api")
    whole = InspektorSettings(**PRODUCTION, url="https://inspektor.test/api/", user="casa", password="x" * 12)
    assert whole.url == "https://inspektor.test/api"
