"""Bank accounts of the clients: banks, currencies, account numbers and CCI.

Lengths and check digits: published formats of each bank and of the CCI (Código de Cuenta Interbancario).
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from domain.errors import Invalid
from domain.money import Currency

MAX_ACCOUNTS = 6
CCI_LENGTH = 20


class Bank(StrEnum):
    """The banks that the house pays to, by code. OTROS is any other bank, always by CCI."""

    BCP = "BCP"
    INTERBANK = "INTERBANK"
    PICHINCHA = "PICHINCHA"
    BANBIF = "BANBIF"
    BBVA = "BBVA"
    SCOTIABANK = "SCOTIABANK"
    OTROS = "OTROS"


class AccountType(StrEnum):
    """Ahorro or Corriente."""

    AHORRO = "Ahorro"
    CORRIENTE = "Corriente"


class Region(StrEnum):
    """Where the account was opened; from the provinces the house is served only by two banks."""

    LIMA = "Lima"
    PROVINCIA = "Provincia"


# F158: the two banks with national reach.
PROVINCE_BANKS = frozenset({Bank.BCP, Bank.INTERBANK})

# First three digits of the CCI. Pichincha's and the others' are not confirmed, so they are not checked.
CCI_CODES: dict[Bank, str] = {
    Bank.BCP: "002",
    Bank.INTERBANK: "003",
    Bank.SCOTIABANK: "009",
    Bank.BBVA: "011",
    Bank.BANBIF: "038",
}

# F153: every spelling that channels and forms have used, without spaces, accents or case.
_SPELLINGS: dict[str, Bank] = {
    "bcp": Bank.BCP,
    "credito": Bank.BCP,
    "bancodecredito": Bank.BCP,
    "bancodecreditobcp": Bank.BCP,
    "bancodecreditodelperu": Bank.BCP,
    "interbank": Bank.INTERBANK,
    "ibk": Bank.INTERBANK,
    "bancointerbank": Bank.INTERBANK,
    "bancointernacionaldelperu": Bank.INTERBANK,
    "pichincha": Bank.PICHINCHA,
    "bancopichincha": Bank.PICHINCHA,
    "bancopichinchadelperu": Bank.PICHINCHA,
    "banbif": Bank.BANBIF,
    "bif": Bank.BANBIF,
    "bancointeramericanodefinanzas": Bank.BANBIF,
    "bbva": Bank.BBVA,
    "bbvaperu": Bank.BBVA,
    "bbvacontinental": Bank.BBVA,
    "bancobbva": Bank.BBVA,
    "bancocontinental": Bank.BBVA,
    "scotiabank": Bank.SCOTIABANK,
    "scotiabankperu": Bank.SCOTIABANK,
    "scotia": Bank.SCOTIABANK,
    "otros": Bank.OTROS,
    "otro": Bank.OTROS,
}

# F152: the public clients speak in symbols, storage only in ISO codes.
_SYMBOLS = {Currency.PEN: "S/", Currency.USD: "$"}
_CURRENCIES: dict[str, Currency] = {
    "S/": Currency.PEN,
    "S/.": Currency.PEN,
    "PEN": Currency.PEN,
    "SOLES": Currency.PEN,
    "$": Currency.USD,
    "US$": Currency.USD,
    "USD": Currency.USD,
    "DOLARES": Currency.USD,
    "DÓLARES": Currency.USD,
}

# Own account numbers, where the bank is one the house holds accounts in: digits by type of account.
_LENGTHS: dict[tuple[Bank, AccountType], range] = {
    (Bank.BCP, AccountType.AHORRO): range(14, 15),
    (Bank.BCP, AccountType.CORRIENTE): range(13, 14),
    (Bank.INTERBANK, AccountType.AHORRO): range(13, 14),
    (Bank.INTERBANK, AccountType.CORRIENTE): range(13, 14),
    (Bank.BANBIF, AccountType.AHORRO): range(12, 13),
    (Bank.BANBIF, AccountType.CORRIENTE): range(12, 13),
    # Pichincha does not publish its length; anything shorter than a CCI that could be an account is taken.
    (Bank.PICHINCHA, AccountType.AHORRO): range(10, 20),
    (Bank.PICHINCHA, AccountType.CORRIENTE): range(10, 20),
}


def bank(text: str, *, field: str = "bank_name") -> Bank:
    """Read a bank in any usual spelling: `Banco de Crédito` and `bcp ` are BCP (F153). Raises Invalid."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = _SPELLINGS.get(re.sub(r"[^a-z]", "", plain))
    if found is None:
        raise Invalid("BANK_UNKNOWN", f"Elige uno de estos bancos: {', '.join(Bank)}.", field=field)
    return found


def currency(text: str, *, field: str = "currency") -> Currency:
    """Read a currency by ISO code or symbol: `S/` is PEN, `$` and `US$` are USD (F152). Raises Invalid."""
    found = _CURRENCIES.get(text.strip().upper())
    if found is None:
        raise Invalid("CURRENCY_UNKNOWN", "Elige la moneda: soles (S/) o dólares ($).", field=field)
    return found


def symbol(value: Currency) -> str:
    """`S/` or `$`, as the public clients expect it."""
    return _SYMBOLS[value]


def account_type(text: str, *, field: str = "account_type") -> AccountType:
    """Read `Ahorro`, `ahorros`, `Corriente`. Raises Invalid."""
    for kind in AccountType:
        if text.strip().casefold() in {kind.casefold(), f"{kind.casefold()}s"}:
            return kind
    raise Invalid("ACCOUNT_TYPE_UNKNOWN", "Elige el tipo de cuenta: Ahorro o Corriente.", field=field)


def region(text: str, *, field: str = "origen") -> Region:
    """Read `Lima` or `Provincia`, in any case. Raises Invalid."""
    for place in Region:
        if text.strip().casefold() == place.casefold():
            return place
    raise Invalid("REGION_UNKNOWN", "Elige el origen de la cuenta: Lima o Provincia.", field=field)


def check_region(where: Region, at: Bank, *, field: str = "bank_name") -> None:
    """Raises Invalid for a bank that can't be served from the provinces (F158)."""
    if where is Region.PROVINCIA and at not in PROVINCE_BANKS:
        raise Invalid(
            "BANK_NOT_IN_PROVINCE", "Para cuentas de provincia solo atendemos con BCP e INTERBANK.", field=field
        )


def account_number(at: Bank, kind: AccountType, text: str, *, field: str = "account_number") -> str:
    """The number as it is stored: digits only, the bank's own or its CCI.

    BBVA, SCOTIABANK and OTROS are paid from other banks and take only the CCI. Raises Invalid.
    """
    number = re.sub(r"[\s.\-]", "", text)
    lengths = _LENGTHS.get((at, kind))
    if not re.fullmatch(r"[0-9]+", number):
        raise Invalid("ACCOUNT_FORMAT", "Escribe la cuenta solo con números.", field=field)
    if len(number) == CCI_LENGTH:
        return _cci_of(at, number, field)
    if lengths is None:
        raise Invalid("CCI_REQUIRED", f"Para {at} escribe el CCI, de 20 dígitos.", field=field)
    if len(number) not in lengths:
        raise Invalid("ACCOUNT_LENGTH", _length_advice(at, kind, lengths), field=field)
    return number


def cci_is_valid(text: str) -> bool:
    """Whether these are 20 digits with both check digits right.

    Digit 19 checks the first 6 (bank and office), digit 20 the next 12 (account): alternate weights 1 and 2, add the
    digits of each product, complement to 10.
    """
    if not re.fullmatch(r"[0-9]{20}", text):
        return False
    return text[18:] == _check_digit(text[:6]) + _check_digit(text[6:18])


def identity(at: Bank, number: str) -> str:
    """One text for one account, however it is written: its own number and its CCI give the same.

    Where a bank embeds its own number in the CCI (published formats of BCP, Interbank and BanBif), the number is taken
    out; else the CCI itself. A CCI given under OTROS belongs to the bank that its first digits name.
    """
    if len(number) != CCI_LENGTH:
        return f"{at}:{number}"
    real = next((bank for bank, code in CCI_CODES.items() if number.startswith(code)), at)
    office, account = number[3:6], number[6:18]
    own = {
        Bank.BCP: office + (account[1:] if account[0] == "1" else account[2:]),
        Bank.INTERBANK: office + account[2:],
        Bank.BANBIF: f"0{account[1:]}",
    }.get(real, number)
    return f"{real}:{own}"


def masked_account(number: str) -> str:
    """Only the last four digits, for mails and messages."""
    return f"****{number[-4:]}"


def _cci_of(at: Bank, number: str, field: str) -> str:
    if not cci_is_valid(number):
        raise Invalid("CCI_CHECK_DIGIT", "Ese CCI no es correcto. Revisa los dígitos.", field=field)
    if not number.startswith(CCI_CODES.get(at, "")):
        raise Invalid("CCI_OF_ANOTHER_BANK", f"Ese CCI no es de {at}. Revisa el banco o el número.", field=field)
    return number


def _length_advice(at: Bank, kind: AccountType, lengths: range) -> str:
    first, last = lengths[0], lengths[-1]
    digits = f"{first}" if first == last else f"de {first} a {last}"
    return f"La cuenta {kind} de {at} tiene {digits} dígitos. También puedes escribir su CCI, de 20."


def _check_digit(group: str) -> str:
    products = (int(digit) * (1 + place % 2) for place, digit in enumerate(group))
    total = sum(product // 10 + product % 10 for product in products)
    return str(-total % 10)
