"""The portal against whatever its addresses and forms may bring."""

from __future__ import annotations

from fastapi import FastAPI

from tests.contract.conftest import Arrive
from tests.odd_forms import faults, pages
from tests.portal.conftest import token_of


async def test_no_page_of_the_portal_breaks_whatever_is_typed(app: FastAPI, arrive: Arrive, rates: None):
    person = (await arrive()).http
    assert await faults(person, pages(app, "portal"), token=await token_of(person), turns=3) == []
    assert (await person.get("/inicio")).status_code == 200
