"""The portal against whatever its addresses and forms may bring."""

from __future__ import annotations

from fastapi import FastAPI

from tests.contract.conftest import Arrive
from tests.odd_forms import faults, pages
from tests.portal.conftest import token_of

# What ends the session that asks.
LEFT_OUT = r"^/(salir|sesiones|ingresar|cuenta/clave|cuenta/sesiones|cambiar-clave)"


async def test_no_page_of_the_portal_breaks_whatever_is_typed(app: FastAPI, arrive: Arrive, rates: None):
    person = (await arrive()).http
    every = pages(app, "portal", left_out=LEFT_OUT)
    assert len(every) > 50
    assert await faults(person, every, token=await token_of(person), turns=2) == []
    assert (await person.get("/inicio")).status_code == 200
