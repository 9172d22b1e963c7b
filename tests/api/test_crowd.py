"""A full house says so at once, and takes people again as soon as there is room."""

from __future__ import annotations

import pytest

from api.crowd import Crowd
from domain.errors import Unavailable


def test_one_too_many_is_told_to_come_back_and_has_a_place_later():
    crowd = Crowd(limit=2)
    with crowd.place():
        with crowd.place(), pytest.raises(Unavailable) as full, crowd.place():
            pass
        assert (full.value.code, full.value.status) == ("TOO_BUSY", 503)
        with crowd.place():
            pass
    with pytest.raises(ValueError, match="boom"), crowd.place():
        raise ValueError("boom")
    with crowd.place(), crowd.place():
        pass
