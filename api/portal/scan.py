"""What a phone reads off the payment page of another screen: where to pay and how much, as text to copy from.

It is no payment code of a bank or of a wallet: a bank's app does not pay by it, and the page says so.
"""

from __future__ import annotations

import io

import segno
from markupsafe import Markup

from db.tables import HouseAccount


def text(code: str, pays: str, target: HouseAccount) -> str:
    """The lines that the phone shows: `pays` is the amount with its symbol, here with a space that can be typed."""
    amount = pays.replace("\u00a0", " ")
    lines = (
        f"QoriCash {code}",
        f"Monto exacto: {amount}",
        f"Banco: {target.bank}",
        f"Cuenta: {target.number}",
        *([f"CCI: {target.cci}"] if target.cci else []),
        f"Titular: {target.holder}",
        f"RUC: {target.holder_ruc}",
    )
    return "\n".join(lines)


def drawn(words: str) -> Markup:
    """The words as a QR, inline: the policy of the pages allows no picture from elsewhere, and none is needed."""
    made = segno.make_qr(words, error="l", encoding="utf-8")
    kept = io.BytesIO()
    made.save(kept, kind="svg", border=2, omitsize=True, xmldecl=False, svgns=False, nl=False, svgclass=None)
    # Only the drawing's own numbers are in it: the words are nowhere but in its squares.
    return Markup(kept.getvalue().decode())  # noqa: S704 - made here, from numbers
