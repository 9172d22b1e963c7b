"""The README's tour names what the local house has: whoever types it meets what it promises."""

from __future__ import annotations

import re
from decimal import Decimal

import demo_people  # a program of temporal-dev/, found by path
import demo_records
from domain.money import Currency, to_pen
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


def named(pattern: str) -> str:
    """What the README writes there."""
    found = re.search(pattern, README)
    assert found, pattern
    return found[1]


def test_the_tours_client_is_paid_in_soles_at_the_account_that_it_names() -> None:
    documents = [client.number for client in demo_people.CLIENTS]
    accounts = demo_people.accounts(documents.index(named(r'"dni":"(\d+)"')))
    assert accounts[int(named(r'"banco_cuenta_id":(\d+)'))].currency is Currency.PEN


def test_the_tours_rate_and_soles_are_those_of_the_local_house() -> None:
    assert Decimal(named(r'"tipo_compra":([\d.]+)')) == demo_records.BUY
    assert Decimal(named(r'"tipo_venta":([\d.]+)')) == demo_records.SELL
    assert Decimal(named(r'"monto_dolares":31.0,"monto_soles":([\d.]+)')) == to_pen(Decimal(31), demo_records.BUY)


def test_the_tours_user_is_a_master_of_the_local_house() -> None:
    assert named(r'"username":"([a-z.]+)"') == demo_people.MASTER
