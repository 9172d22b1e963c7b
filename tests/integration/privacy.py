"""The words that no log may hold, and where they were found."""

from __future__ import annotations

from demo_people import CLIENTS, accounts
from tests.integration.people import Town
from tests.integration.running import Stack


def private_words(stack: Stack, town: Town) -> set[str]:
    """Documents, phones, mails and account numbers of everybody who has been in the house."""
    words = {word for resident in town.residents for word in resident.identity.private if " " not in word}
    for place, client in enumerate(CLIENTS):
        words |= {client.number, f"9900000{place:02}", f"{client.key}@correo.example"}
        words |= {account.number for account in accounts(place)}
    return words | {person["password"] for kind in ("staff", "clients") for person in stack.people[kind]}


def leaks(stack: Stack, words: set[str]) -> list[str]:
    return [
        f"{name}: {line[:300]}"
        for name, text in stack.logs().items()
        for line in text.splitlines()
        if any(word in line for word in words)
    ]
