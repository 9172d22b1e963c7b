"""SUNAT's codes of rejection that an exchange house meets, in plain Spanish: what happened and what to do.

Source: SUNAT's catalogue of return codes of the electronic issuing system: below 1000 it could not attend and nothing
was decided, 1000 to 3999 the document is no good, from 4000 on they are remarks on a document that it accepts.
"""

from __future__ import annotations

from collections.abc import Mapping

_CLIENT_DOCUMENT = "Corrige el tipo y el número de documento del cliente y vuelve a emitir."
_CLIENT_NAME = "Corrige el nombre o la razón social del cliente y vuelve a emitir."
_ACCOUNTANT = "No se arregla con los datos del cliente: avisa al contador y a soporte."
_NUBEFACT = "Avisa al soporte de NubeFact; después vuelve a emitir."
_ALREADY = "La SUNAT ya tiene este número. Búscalo en el panel de NubeFact antes de volver a emitir."

REJECTIONS: Mapping[str, str] = {
    "1032": f"El número ya está informado como anulado o rechazado. {_ALREADY}",
    "1033": f"El número ya fue registrado con otros datos. {_ALREADY}",
    "2010": f"El RUC de la casa no está activo. {_ACCOUNTANT}",
    "2011": f"El RUC de la casa figura como no habido. {_ACCOUNTANT}",
    "2012": f"La casa no está autorizada a emitir comprobantes electrónicos. {_ACCOUNTANT}",
    "2014": f"Falta el número de documento del cliente. {_CLIENT_DOCUMENT}",
    "2015": f"Falta el tipo de documento del cliente. {_CLIENT_DOCUMENT}",
    "2016": f"El tipo de documento del cliente no está permitido. {_CLIENT_DOCUMENT}",
    "2017": f"Una factura solo se emite a un RUC válido. {_CLIENT_DOCUMENT}",
    "2021": f"Falta el nombre o la razón social del cliente. {_CLIENT_NAME}",
    "2022": f"El nombre o la razón social del cliente no cumple el formato. {_CLIENT_NAME}",
    "2040": f"El tipo de afectación del IGV no es correcto. {_ACCOUNTANT}",
    "2103": f"La serie no es válida. {_ACCOUNTANT}",
    "2105": "La SUNAT no tiene el comprobante que se quiere dar de baja. Emite una nota de crédito.",
    "2106": "El comprobante ya estaba de baja.",
    "2108": "El comprobante llegó a la SUNAT fuera de plazo. Vuelve a emitir con la fecha de hoy.",
    "2116": f"La nota de crédito modifica un documento que no corresponde. {_ACCOUNTANT}",
    "2119": "La SUNAT no tiene el comprobante que la nota modifica. Espera a que lo acepte y vuelve a pedirla.",
    "2323": "El comprobante ya figura en una comunicación de baja.",
    "2324": "La comunicación de baja ya se había presentado.",
    "2329": "La fecha de emisión está fuera del límite permitido. Vuelve a emitir con la fecha de hoy.",
    "2334": f"El documento fue alterado después de firmarse. {_NUBEFACT}",
    "2345": f"La serie no corresponde al tipo de comprobante. {_ACCOUNTANT}",
    "2600": "El comprobante se envió fuera de plazo. Vuelve a emitir con la fecha de hoy.",
    "2605": f"El RUC del cliente no existe. {_CLIENT_DOCUMENT}",
    "2670": f"La razón social no es la del RUC. {_CLIENT_NAME}",
    "2800": f"El tipo de documento de identidad del cliente no está permitido. {_CLIENT_DOCUMENT}",
    "3271": f"El valor de una línea no coincide con su cálculo. {_ACCOUNTANT}",
    "3277": f"La suma de las líneas no coincide con el total. {_ACCOUNTANT}",
}
UNKNOWN = "La SUNAT rechazó el comprobante. Lee su texto, corrige lo que dice y vuelve a emitir."

_DECIDED = 1000


def is_rejection(code: str) -> bool:
    """Whether SUNAT has decided with this code of a document that it did not accept; else it is asked again."""
    return code != "" and (not code.isdecimal() or int(code) >= _DECIDED)


def plain(code: str) -> str:
    """What a code of rejection means to the house and what to do about it."""
    return REJECTIONS.get(code.zfill(4), UNKNOWN)


def rejected(name: str, code: str, text: str) -> str:
    """The whole of a rejection in one line: `B001-7 rechazado por la SUNAT (2017): ...`, with SUNAT's own words."""
    own = f" Dice la SUNAT: «{text}»." if text else ""
    return f"{name} rechazado por la SUNAT ({code}): {plain(code)}{own}"
