"""Banks, currencies, account numbers and CCI."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts import (
    CCI_CODES,
    AccountType,
    Bank,
    Region,
    account_number,
    account_type,
    bank,
    cci_is_valid,
    check_region,
    currency,
    identity,
    masked_account,
    region,
    symbol,
)
from domain.errors import Invalid
from domain.money import Currency

AHORRO, CORRIENTE = AccountType.AHORRO, AccountType.CORRIENTE
CCI = {
    "BCP ahorro": "00219110012345670151",
    "BCP corriente": "00219300123456701214",
    "Interbank": "00320000300123456731",
    "Scotiabank": "00910000000123456794",
    "BanBif": "03840210700123456746",
    "Pichincha": "03500100012345678977",
    "BBVA": "01136600010003254221",
}


@pytest.mark.parametrize("number", CCI.values(), ids=CCI.keys())
def test_a_real_cci_passes_both_check_digits(number):
    assert cci_is_valid(number)


@given(number=st.sampled_from(sorted(CCI.values())), place=st.integers(0, 19), step=st.integers(1, 9))
def test_a_cci_with_one_digit_changed_fails(number, place, step):
    changed = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert not cci_is_valid(changed)


@given(body=st.from_regex(r"[0-9]{18}", fullmatch=True))
def test_of_all_endings_of_an_account_exactly_one_is_its_cci(body):
    assert sum(cci_is_valid(f"{body}{ending:02}") for ending in range(100)) == 1


@pytest.mark.parametrize("text", ["", "0021911001234567015", "002191100123456701510", "0021911001234567015a", "٠" * 20])
def test_what_is_not_twenty_digits_is_no_cci(text):
    assert not cci_is_valid(text)


def test_twenty_digits_with_wrong_check_digits_are_no_cci():
    assert not cci_is_valid("01136200010004650000")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Banco de Credito", Bank.BCP),
        ("Banco de Crédito del Perú", Bank.BCP),
        ("BCP", Bank.BCP),
        ("bcp ", Bank.BCP),
        ("Interbank", Bank.INTERBANK),
        ("BBVA Continental", Bank.BBVA),
        ("Scotiabank", Bank.SCOTIABANK),
        ("BanBif", Bank.BANBIF),
        ("Banco Pichincha", Bank.PICHINCHA),
        ("Otros", Bank.OTROS),
    ],
)
def test_a_bank_is_one_code_however_it_is_spelled(typed, code):
    """F153."""
    assert bank(typed) is code


@pytest.mark.parametrize("code", Bank)
def test_every_code_reads_as_itself(code):
    assert bank(code) is code


@pytest.mark.parametrize("typed", ["", "Banco de la Luna", "123"])
def test_an_unknown_bank_is_refused_with_the_list(typed):
    """F153."""
    with pytest.raises(Invalid) as refusal:
        bank(typed)
    assert all(code in refusal.value.message for code in Bank)


def test_a_currency_is_stored_by_its_iso_code_whatever_the_channel_sends():
    """F152."""
    assert {currency(text) for text in ("S/", "s/.", "PEN", " pen ", "Soles")} == {Currency.PEN}
    assert {currency(text) for text in ("$", "US$", "USD", "usd", "Dólares")} == {Currency.USD}
    with pytest.raises(Invalid):
        currency("EUR")


@pytest.mark.parametrize("value", Currency)
def test_the_symbol_of_a_currency_reads_back(value):
    """F152."""
    assert currency(symbol(value)) is value
    assert (symbol(Currency.PEN), symbol(Currency.USD)) == ("S/", "$")


def test_account_types_and_regions_read_in_any_case():
    assert [account_type(text) for text in ("ahorro", "Ahorros", "CORRIENTE")] == [AHORRO, AHORRO, CORRIENTE]
    assert [region(text) for text in ("lima", "Provincia ")] == [Region.LIMA, Region.PROVINCIA]
    with pytest.raises(Invalid):
        account_type("Plazo fijo")
    with pytest.raises(Invalid):
        region("Miami")


@pytest.mark.parametrize("at", Bank)
def test_from_the_provinces_only_the_two_national_banks_are_served(at):
    """F158."""
    check_region(Region.LIMA, at)
    if at in {Bank.BCP, Bank.INTERBANK}:
        check_region(Region.PROVINCIA, at)
        return
    with pytest.raises(Invalid) as refusal:
        check_region(Region.PROVINCIA, at)
    assert "BCP e INTERBANK" in refusal.value.message


@pytest.mark.parametrize(
    ("at", "kind", "typed", "stored"),
    [
        (Bank.BCP, AHORRO, "191-1001234567-0", "19110012345670"),
        (Bank.BCP, CORRIENTE, "1930012345670", "1930012345670"),
        (Bank.BCP, AHORRO, CCI["BCP ahorro"], CCI["BCP ahorro"]),
        (Bank.INTERBANK, AHORRO, "200 3001234567", "2003001234567"),
        (Bank.INTERBANK, CORRIENTE, CCI["Interbank"], CCI["Interbank"]),
        (Bank.BANBIF, AHORRO, "007001234567", "007001234567"),
        (Bank.PICHINCHA, AHORRO, "1000123456", "1000123456"),
        (Bank.PICHINCHA, AHORRO, CCI["Pichincha"], CCI["Pichincha"]),
        (Bank.BBVA, AHORRO, "011-366-000100032542-21", CCI["BBVA"]),
        (Bank.SCOTIABANK, AHORRO, CCI["Scotiabank"], CCI["Scotiabank"]),
        (Bank.OTROS, AHORRO, CCI["Pichincha"], CCI["Pichincha"]),
    ],
)
def test_an_account_is_stored_as_digits(at, kind, typed, stored):
    assert account_number(at, kind, typed) == stored


@pytest.mark.parametrize(
    ("at", "kind", "typed", "code"),
    [
        (Bank.BCP, AHORRO, "1930012345670", "ACCOUNT_LENGTH"),
        (Bank.BCP, CORRIENTE, "19110012345670", "ACCOUNT_LENGTH"),
        (Bank.INTERBANK, AHORRO, "20030012345678", "ACCOUNT_LENGTH"),
        (Bank.PICHINCHA, AHORRO, "123456789", "ACCOUNT_LENGTH"),
        (Bank.BBVA, AHORRO, "001103660100032542", "CCI_REQUIRED"),
        (Bank.SCOTIABANK, AHORRO, "0001234567", "CCI_REQUIRED"),
        (Bank.OTROS, AHORRO, "123", "CCI_REQUIRED"),
        (Bank.BBVA, AHORRO, "01136200010004650000", "CCI_CHECK_DIGIT"),
        (Bank.BBVA, AHORRO, CCI["Interbank"], "CCI_OF_ANOTHER_BANK"),
        (Bank.BCP, AHORRO, CCI["BBVA"], "CCI_OF_ANOTHER_BANK"),
        (Bank.BCP, AHORRO, "", "ACCOUNT_FORMAT"),
        (Bank.BCP, AHORRO, "1911001234567a", "ACCOUNT_FORMAT"),
    ],
)
def test_an_account_that_the_bank_can_not_have_is_refused(at, kind, typed, code):
    with pytest.raises(Invalid) as refusal:
        account_number(at, kind, typed)
    assert refusal.value.code == code


def test_the_codes_of_the_banks_are_those_of_their_cci():
    assert CCI["BBVA"].startswith(CCI_CODES[Bank.BBVA])
    assert CCI["BanBif"].startswith(CCI_CODES[Bank.BANBIF])


def test_a_masked_account_shows_its_last_four_digits():
    """F186."""
    assert masked_account("19110012345670") == "****5670"


@pytest.mark.parametrize(
    ("bank", "number", "cci"),
    [
        (Bank.BCP, "19110012345601", None),
        (Bank.BCP, "21901234567015", "00221910123456701546"),
        (Bank.INTERBANK, "2003001234567", "00320000300123456731"),
    ],
)
def test_one_account_is_one_however_it_is_written(bank, number, cci):
    """Its own number and its CCI, also when the CCI is given under OTROS."""
    own = identity(bank, number)
    if cci is not None:
        assert cci_is_valid(cci)
        assert {identity(bank, cci), identity(Bank.OTROS, cci)} == {own}
    assert identity(Bank.PICHINCHA, number) != own
