"""Whether NubeFact would take the house's comprobantes now: token, address and series, without making a document.

It asks for a number that nobody has issued, in each series: a healthy account answers that it does not exist (24).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.invoices import InvoiceType
from integrations.nubefact import Configuration, NubeFact, NubefactError, Retryable, UnauthorisedSeries, Unknown
from integrations.settings import NubefactSettings

NO_NUMBER = 99_999_999  # the last number that a series can have
WRONG_TOKEN, WRONG_ROUTE, SUSPENDED, UNPAID = 10, 11, 50, 51
MENDING = {
    WRONG_TOKEN: "NubeFact no reconoce el token: copia NUBEFACT_TOKEN del panel, opción API (Integración).",
    WRONG_ROUTE: "La RUTA no es la de la cuenta: copia NUBEFACT_API_URL entera del panel, sin agregarle nada.",
    SUSPENDED: "NubeFact suspendió la cuenta: escribe a su soporte.",
    UNPAID: "NubeFact suspendió la cuenta por falta de pago: paga el plan y vuelve a revisar.",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was seen of the account, or of one series. `said` is for people: what works, or how to mend it."""

    subject: str
    works: bool
    said: str


async def examine(settings: NubefactSettings) -> Sequence[Finding]:
    """Look at the account and at each of its series; one finding if the account itself does not work."""
    service, findings = NubeFact(settings), list[Finding]()
    try:
        for name, kind, series in _series(settings):
            findings.append(await _look(service, name, kind, series))
    except NubefactError as error:
        return [Finding(subject="cuenta", works=False, said=_mending(error))]
    finally:
        await service.aclose()
    return findings


async def _look(service: NubeFact, name: str, kind: InvoiceType, series: str) -> Finding:
    """One series. Raises what is wrong with the account itself."""
    try:
        await service.consult(kind, series, NO_NUMBER)
    except Unknown:
        return Finding(subject=series, works=True, said=f"{series} abierta")
    except UnauthorisedSeries:
        said = f"La serie {series} no está autorizada: créala en el panel de NubeFact o cambia {name}."
        return Finding(subject=series, works=False, said=said)
    return Finding(subject=series, works=False, said=f"{series} llegó a su último número: cambia {name}.")


def _series(settings: NubefactSettings) -> Sequence[tuple[str, InvoiceType, str]]:
    """Every series of the house with the variable that names it."""
    return (
        ("NUBEFACT_SERIES_FACTURA", InvoiceType.FACTURA, settings.series_factura),
        ("NUBEFACT_SERIES_BOLETA", InvoiceType.BOLETA, settings.series_boleta),
        ("NUBEFACT_SERIES_NOTA_FACTURA", InvoiceType.NOTA_CREDITO, settings.series_nota_factura),
        ("NUBEFACT_SERIES_NOTA_BOLETA", InvoiceType.NOTA_CREDITO, settings.series_nota_boleta),
    )


def _mending(error: NubefactError) -> str:
    if isinstance(error, Retryable):
        return f"{error} Si NubeFact atiende a otros, revisa NUBEFACT_API_URL y la red."
    known = MENDING.get(error.code) if error.code is not None else None
    return known or f"{error}" + ("" if isinstance(error, Configuration) else " Revisa NUBEFACT_API_URL.")
