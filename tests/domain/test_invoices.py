"""Comprobantes: types, sums, wording and series."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clients import DocumentType
from domain.errors import Invalid
from domain.invoices import (
    InvoiceType,
    Treatment,
    check_series,
    description,
    document_code,
    invoice_type_for,
    stated_rate,
    totals,
    unit_value,
)
from domain.money import CENT, MAX_AMOUNT, MAX_RATE, PIP, round_half_up
from domain.operations import Kind

PEN = st.decimals(min_value=CENT, max_value=Decimal("9999999.99"), places=2)
ZERO = Decimal("0.00")


def test_a_currency_exchange_is_inafecto_and_carries_no_igv():
    """F092."""
    sums = totals(Treatment.INAFECTO, Decimal("3700.00"))
    assert (sums.gravada, sums.exonerada, sums.igv) == (ZERO, ZERO, ZERO)
    assert sums.inafecta == sums.total == sums.base == Decimal("3700.00")


def test_a_taxed_total_splits_into_its_value_and_18_percent():
    sums = totals(Treatment.GRAVADO, Decimal("118.00"))
    assert (sums.gravada, sums.igv, sums.total) == (Decimal("100.00"), Decimal("18.00"), Decimal("118.00"))
    assert sums.base == sums.gravada


@given(treatment=st.sampled_from(Treatment), total=PEN)
def test_the_parts_add_up_to_the_total_to_the_cent(treatment, total):
    """F092: NubeFact refuses sums that do not tie."""
    sums = totals(treatment, total)
    parts = (sums.gravada, sums.inafecta, sums.exonerada)
    assert sum(parts) + sums.igv == sums.total == total
    assert sums.base + sums.igv == total
    assert sum(part > 0 for part in parts) == 1
    assert all(part >= 0 and part.as_tuple().exponent == -2 for part in (*parts, sums.igv))


@given(total=PEN)
def test_the_igv_is_18_percent_of_its_base_to_the_cent(total):
    sums = totals(Treatment.GRAVADO, total)
    assert abs(sums.igv - sums.gravada * Decimal("0.18")) <= CENT


@given(treatment=st.sampled_from(Treatment), total=PEN)
def test_the_unit_value_with_its_igv_is_the_price_again(treatment, total):
    """SUNAT 3271: a line's value, times what it is taxed with, is what the client pays."""
    value = unit_value(treatment, total)
    tax = Decimal("1.18") if treatment is Treatment.GRAVADO else Decimal(1)
    assert round_half_up(value * tax, CENT) == total
    assert round_half_up(value, CENT) == totals(treatment, total).base
    assert value.as_tuple().exponent >= -10


@given(rate=st.decimals(min_value=PIP, max_value=MAX_RATE, places=4))
def test_the_stated_rate_has_three_decimals_and_is_half_a_thousandth_off_at_most(rate):
    stated = stated_rate(rate)
    assert stated.as_tuple().exponent == -3
    assert abs(stated - rate) <= Decimal("0.0005")


def test_the_seeds_sample_taxed_as_it_says_adds_up():
    """The seed prints 3,500.00 and 4,130.00 with a subtotal of 4,130.00: the subtotal is without IGV."""
    sums = totals(Treatment.GRAVADO, Decimal("4130.00"))
    assert (sums.base, sums.igv, sums.total) == (Decimal("3500.00"), Decimal("630.00"), Decimal("4130.00"))


def test_a_client_with_ruc_gets_a_factura_and_anyone_else_a_boleta():
    got = {kind: invoice_type_for(kind) for kind in DocumentType}
    assert got.pop(DocumentType.RUC) is InvoiceType.FACTURA
    assert set(got.values()) == {InvoiceType.BOLETA}


def test_the_codes_are_nubefacts_own():
    """F092, F093: neither SUNAT's 01 and 03, nor catalogue 07."""
    assert [kind.nubefact for kind in InvoiceType] == [1, 2, 3]
    assert {kind: kind.nubefact for kind in Treatment} == {
        Treatment.GRAVADO: 1,
        Treatment.EXONERADO: 8,
        Treatment.INAFECTO: 9,
    }
    assert [document_code(kind) for kind in DocumentType] == ["1", "4", "6", "7"]


def test_a_sale_is_worded_from_the_side_of_the_house():
    """F048, F056, F062."""
    assert description(Kind.VENTA, Decimal("1500.00"), Decimal("3.765"), Decimal("5647.50")) == (
        "QORICASH VENDE 1,500.00 USD CON TIPO DE CAMBIO 3.7650"
        " - CLIENTE ENVIA 5,647.50 PEN - CLIENTE RECIBE 1,500.00 USD"
    )


def test_a_purchase_is_worded_from_the_side_of_the_house():
    """F048, F062."""
    assert description(Kind.COMPRA, Decimal("200.00"), Decimal("3.7000"), Decimal("740.00")) == (
        "QORICASH COMPRA 200.00 USD CON TIPO DE CAMBIO 3.7000 - CLIENTE ENVIA 200.00 USD - CLIENTE RECIBE 740.00 PEN"
    )


@pytest.mark.parametrize("kind", Kind)
def test_the_longest_wording_fits_the_field(kind):
    sentence = description(kind, MAX_AMOUNT, Decimal("9.9999"), MAX_AMOUNT)
    assert len(sentence) <= 250
    assert sentence.endswith(("USD", "PEN"))
    assert sentence == sentence.upper()


@pytest.mark.parametrize(
    ("series", "document"),
    [
        ("F001", InvoiceType.FACTURA),
        ("B002", InvoiceType.BOLETA),
        ("FC01", InvoiceType.NOTA_CREDITO),
        ("BC01", InvoiceType.NOTA_CREDITO),
    ],
)
def test_a_series_begins_with_the_letter_of_its_document(series, document):
    check_series(series, document)


@pytest.mark.parametrize(
    ("series", "document"),
    [
        ("B001", InvoiceType.FACTURA),
        ("F001", InvoiceType.BOLETA),
        ("0001", InvoiceType.NOTA_CREDITO),
        ("F01", InvoiceType.FACTURA),
        ("F0001", InvoiceType.FACTURA),
        ("f001", InvoiceType.FACTURA),
        ("", InvoiceType.BOLETA),
    ],
)
def test_any_other_series_is_refused(series, document):
    with pytest.raises(Invalid):
        check_series(series, document)
