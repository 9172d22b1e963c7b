"""The invented people of the demo are told apart as real ones are."""

from __future__ import annotations

import demo_people as demo
from domain.accounts import cci_is_valid, identity


def test_no_two_clients_of_the_demo_share_an_account() -> None:
    """A fresh house opened with five alerts of third-party money, all of them its own doing."""
    accounts = [account for place in range(len(demo.CLIENTS)) for account in demo.accounts(place)]
    assert all(cci_is_valid(account.number) for account in accounts)
    assert len({identity(account.bank, account.number) for account in accounts}) == len(accounts)
