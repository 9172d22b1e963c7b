"""The life of a comprobante: which state follows which, when SUNAT is asked again, and how it is taken back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.errors import Conflict
from domain.invoices import (
    TRANSITIONS,
    InvoiceStatus,
    InvoiceType,
    VoidMethod,
    ask_again_in,
    baja_until,
    check_voidable,
    is_burnt,
    may_become,
    void_method,
)
from domain.sunat import REJECTIONS, UNKNOWN, is_rejection, plain, rejected

PENDIENTE, ENVIADO, ACEPTADO, RECHAZADO, ANULADO = InvoiceStatus


@pytest.mark.parametrize("now", list(InvoiceStatus))
def test_the_table_speaks_of_every_state_and_staying_is_always_allowed(now: InvoiceStatus):
    assert now in TRANSITIONS
    assert may_become(now, now)


@pytest.mark.parametrize(
    ("now", "then"),
    [(ACEPTADO, ENVIADO), (ACEPTADO, RECHAZADO), (ANULADO, ACEPTADO), (RECHAZADO, ACEPTADO), (ANULADO, PENDIENTE)],
)
def test_a_late_answer_never_takes_back_what_was_decided(now: InvoiceStatus, then: InvoiceStatus):
    """F093: an acceptance is final but for an annulment, and what was rejected is sent again before it is accepted."""
    assert not may_become(now, then)


def test_only_sunats_own_rejection_burns_a_number():
    """F098: what NubeFact refused was never at SUNAT, and is sent again under its own number."""
    assert is_burnt(RECHAZADO, "2017")
    assert not is_burnt(RECHAZADO, "")
    assert not is_burnt(ACEPTADO, "0")


@pytest.mark.parametrize(
    ("code", "decided"), [("", False), ("0", False), ("98", False), ("0109", False), ("2800", True), ("1033", True)]
)
def test_a_failure_of_sunats_own_systems_decides_nothing(code: str, decided: bool):
    assert is_rejection(code) is decided


def test_every_code_is_explained_in_words_that_end_and_unknown_ones_too():
    assert all(words.endswith(".") for words in REJECTIONS.values())
    assert plain("9999") == UNKNOWN
    assert rejected("F001-7", "2017", "debe ser RUC") == (
        "F001-7 rechazado por la SUNAT (2017): Una factura solo se emite a un RUC válido. Corrige el tipo y el número "
        "de documento del cliente y vuelve a emitir. Dice la SUNAT: «debe ser RUC»."
    )


def test_a_baja_is_taken_until_the_seventh_day_and_a_nota_after_it():
    issued = date(2026, 11, 25)
    assert baja_until(issued) == date(2026, 12, 2)
    assert void_method(issued, date(2026, 12, 2)) is VoidMethod.BAJA
    assert void_method(issued, date(2026, 12, 3)) is VoidMethod.NOTA_CREDITO


@pytest.mark.parametrize(
    ("kind", "status", "superseded", "code"),
    [
        (InvoiceType.BOLETA, ENVIADO, False, "NOT_ACCEPTED"),
        (InvoiceType.BOLETA, RECHAZADO, False, "NOT_ACCEPTED"),
        (InvoiceType.FACTURA, ANULADO, True, "ALREADY_TAKEN_BACK"),
        (InvoiceType.FACTURA, ACEPTADO, True, "ALREADY_TAKEN_BACK"),
        (InvoiceType.NOTA_CREDITO, ACEPTADO, False, "NOTE_STANDS"),
    ],
)
def test_only_an_accepted_comprobante_that_stands_is_taken_back(
    *, kind: InvoiceType, status: InvoiceStatus, superseded: bool, code: str
):
    with pytest.raises(Conflict) as refused:
        check_voidable(kind, status, superseded=superseded)
    assert refused.value.code == code


def test_a_young_document_is_asked_about_often_and_an_old_one_each_hour():
    assert ask_again_in(timedelta(minutes=5)) == timedelta(minutes=10)
    assert ask_again_in(timedelta(hours=20)) == timedelta(hours=1)
