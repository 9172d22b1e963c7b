"""The documents that an account has at NubeFact, and what SUNAT answered for each: the four `operacion`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from nubefact_format import DOCUMENT, VOID, Refusal, Values, read, read_document
from nubefact_papers import Issuer, digest, qr_text, xml
from nubefact_rules import BOLETA, check_document, check_void_term, refuse
from standin import Json, Store

LIMA = ZoneInfo("America/Lima")
SERIES = ("F001", "F002", "B001", "B002", "FC01", "BC01", "FFF1", "BBB1")
NAMES: Final = {1: "La Factura", 2: "La Boleta", 3: "La Nota de Crédito", 4: "La Nota de Débito"}
ACCEPTED, REJECTED, PENDING = "accepted", "rejected", "pending"


@dataclass(frozen=True)
class Account:
    """The account as its panel is set up: credentials, series, and how SUNAT treats it."""

    token: str
    uuid: str
    base: str
    issuer: Issuer
    series: tuple[str, ...] = SERIES
    boletas_wait: bool = False
    any_date: bool = False


class Ledger:
    """The documents of the account. Each public method is one `operacion` and returns the body of its answer."""

    def __init__(self, store: Store, account: Account) -> None:
        """Continue with what `store` holds."""
        self.store = store
        self.account = account

    def generar_comprobante(self, body: Json, outcome: str) -> Json:
        """Take a document. Raises Refusal 20 to 23."""
        document = read_document(body)
        key = _key(document)
        self._refuse_repeated(document, key)
        check_document(document, series=self.account.series, today=self._today())
        record = {
            **{name: document[name] for name in DOCUMENT},
            "enlace": uuid4().hex,
            "outcome": outcome or self._usual_outcome(document),
            "anulado": False,
            "anulacion": None,
            "codigo_hash": digest(xml(body, self.account.issuer)),
            "request": body,
        }
        with self.store.together():
            self.store.add("document", record, key=key)
            self.store.add("link", {"document": key}, key=record["enlace"])
            if unique := _unique_key(document):
                self.store.add("unique", {"document": key}, key=unique)
        return self.answer(record)

    def consultar_comprobante(self, body: Json, outcome: str) -> Json:
        """The present state; SUNAT answers a pending document the first time it is asked for after its sending."""
        record = self._known(read(body, DOCUMENT))
        if record["outcome"] == PENDING:
            record["outcome"] = outcome or ACCEPTED
            self._keep(record)
        return {**self.answer(record), "anulado": record["anulado"]}

    def generar_anulacion(self, body: Json, outcome: str) -> Json:
        """Ask SUNAT to void an accepted document. Raises Refusal 21, 22 or 24."""
        record = self._known(void := read(body, VOID))
        if record["anulacion"]:
            raise refuse("El documento ya tiene una comunicación de baja")
        if record["outcome"] != ACCEPTED:
            raise refuse("Solo se puede dar de baja un documento aceptado por la SUNAT")
        if today := self._today():
            check_void_term(read_document(record["request"]), today)
        record["anulacion"] = {
            "enlace": uuid4().hex,
            "ticket": str(1_494_000_000_000 + record["id"]),
            "motivo": void["motivo"],
            "outcome": PENDING,
            "refused": outcome == REJECTED,
        }
        with self.store.together():
            self._keep(record)
            self.store.add("link", {"document": _key(record)}, key=record["anulacion"]["enlace"])
        return self.void_answer(record)

    def consultar_anulacion(self, body: Json, outcome: str) -> Json:
        """The state of the baja: SUNAT answers it the first time it is asked for."""
        record = self._known(read(body, DOCUMENT))
        void = record["anulacion"]
        if void is None:
            raise Refusal(24, "El documento no tiene comunicación de baja")
        if void["outcome"] == PENDING:
            void["outcome"] = outcome or (REJECTED if void["refused"] else ACCEPTED)
            record["anulado"] = void["outcome"] == ACCEPTED
            self._keep(record)
        return self.void_answer(record)

    def answer(self, record: Json) -> Json:
        """The provider's answer for a document in its present state, links included."""
        links = self._links("cpe", record["enlace"])
        if record["outcome"] == PENDING:
            links["enlace_del_cdr"] = ""
        return {
            **{name: record[name] for name in DOCUMENT},
            **links,
            **_sunat(record["outcome"], self.description(record)),
            "cadena_para_codigo_qr": qr_text(record["request"], self.account.issuer, record["codigo_hash"]),
            "codigo_hash": record["codigo_hash"],
        }

    def void_answer(self, record: Json) -> Json:
        """The provider's answer for a comunicación de baja."""
        void = record["anulacion"]
        description = (
            f"La Comunicación de baja de {record['serie']}-{record['numero']}, ha sido {_word(void['outcome'])}"
        )
        return {
            "numero": record["numero"],
            "sunat_ticket_numero": void["ticket"],
            **self._links("anulacion", void["enlace"]),
            **_sunat(void["outcome"], description),
        }

    def description(self, record: Json) -> str:
        """What SUNAT says of the document."""
        subject = f"{NAMES[record['tipo_de_comprobante']]} numero {record['serie']}-{record['numero']}"
        return f"{subject}, ha sido {_word(record['outcome'])}"

    def documents(self) -> list[Json]:
        """Every document taken, oldest first, with its request and its present answer."""
        return [{**record, "response": self.answer(record)} for record in self.store.all("document")]

    def gaps(self) -> list[Json]:
        """Per type and series, the ranges of numbers that were skipped below the highest taken."""
        taken: dict[tuple[int, str], list[int]] = {}
        for record in self.store.all("document"):
            taken.setdefault((record["tipo_de_comprobante"], record["serie"]), []).append(record["numero"])
        return [
            {"tipo_de_comprobante": kind, "serie": series, "ultimo": max(numbers), "huecos": _holes(sorted(numbers))}
            for (kind, series), numbers in sorted(taken.items())
        ]

    def by_link(self, link: str) -> Json | None:
        """The document whose paper (or whose baja) this link shows."""
        found = self.store.get("link", key=link)
        return self.store.get("document", key=found["document"]) if found else None

    def _refuse_repeated(self, document: Values, key: str) -> None:
        unique = _unique_key(document)
        if self.store.get("document", key=key):
            raise Refusal(23, "Este documento ya existe en NubeFacT")
        if unique and self.store.get("unique", key=unique):
            raise Refusal(23, "Este documento ya existe en NubeFacT: el codigo_unico ya fue usado")

    def _known(self, wanted: Values) -> Json:
        record = self.store.get("document", key=_key(wanted))
        if record is None:
            raise Refusal(24, "El documento indicado no existe o no fue enviado a NubeFacT")
        return record

    def _keep(self, record: Json) -> None:
        body = {name: value for name, value in record.items() if name not in ("id", "at")}
        self.store.replace("document", body, key=_key(record))

    def _usual_outcome(self, document: Values) -> str:
        by_summary = document["tipo_de_comprobante"] == BOLETA and self.account.boletas_wait
        return PENDING if by_summary else ACCEPTED

    def _today(self) -> date | None:
        return None if self.account.any_date else datetime.now(UTC).astimezone(LIMA).date()

    def _links(self, folder: str, link: str) -> Json:
        address = f"{self.account.base}/{folder}/{link}"
        return {"enlace": address, **{f"enlace_del_{kind}": f"{address}.{kind}" for kind in ("pdf", "xml", "cdr")}}


def _key(document: Values) -> str:
    return f"{document['tipo_de_comprobante']}-{document['serie']}-{document['numero']}"


def _unique_key(document: Values) -> str | None:
    """A codigo_unico is spent per type: the nota de crédito of an operation may carry the code of its factura."""
    code = document.get("codigo_unico")
    return f"codigo_unico {document['tipo_de_comprobante']} {code}" if code else None


def _holes(numbers: list[int]) -> list[list[int]]:
    pairs = zip([0, *numbers], numbers, strict=False)
    return [[before + 1, after - 1] for before, after in pairs if after - before > 1]


def _word(outcome: str) -> str:
    return "aceptada" if outcome == ACCEPTED else "rechazada"


def _sunat(outcome: str, description: str) -> Json:
    codes = {ACCEPTED: "0", REJECTED: "2800", PENDING: None}
    return {
        "aceptada_por_sunat": outcome == ACCEPTED,
        "sunat_description": None if outcome == PENDING else description,
        "sunat_note": None,
        "sunat_responsecode": codes[outcome],
        "sunat_soap_error": "",
    }
