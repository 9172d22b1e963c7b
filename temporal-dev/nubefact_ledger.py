"""The documents that an account has at NubeFact, and what SUNAT answered for each: the four `operacion`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from uuid import uuid4

from nubefact_format import DOCUMENT, VOID, Refusal, Values, read, read_document
from nubefact_papers import Issuer, digest, qr_text, xml
from nubefact_rules import BOLETA, NOTES, check_document, check_note, check_void_term, refuse
from nubefact_sunat import ACCEPTED, LIMA, PENDING, REJECTED, Verdict, Word, fields, is_over, silence
from standin import Json, Store

SERIES = ("F001", "F002", "B001", "B002", "FC01", "BC01", "FFF1", "BBB1")
NAMES: Final = {1: "La Factura", 2: "La Boleta", 3: "La Nota de Crédito", 4: "La Nota de Débito"}


@dataclass(frozen=True)
class Account:
    """The account as its panel is set up: credentials, series, and how SUNAT treats it.

    `boletas` is what SUNAT says of one when it is sent: `accepted`, `pending` (until it is asked for) or `next-day`.
    """

    token: str
    uuid: str
    base: str
    issuer: Issuer
    series: tuple[str, ...] = SERIES
    boletas: str = ACCEPTED
    any_date: bool = False


class Ledger:
    """The documents of the account. Each public method is one `operacion` and returns the body of its answer."""

    def __init__(self, store: Store, account: Account) -> None:
        """Continue with what `store` holds."""
        self.store = store
        self.account = account

    def generar_comprobante(self, body: Json, word: Word) -> Json:
        """Take a document. Raises Refusal 20 to 23."""
        document = read_document(body)
        key = _key(document)
        self._refuse_repeated(document, key)
        check_document(document, series=self.account.series, today=self._today())
        if document["tipo_de_comprobante"] in NOTES:
            self._check_note(document)
        said = word if word.outcome else self._usual_word(document)
        record = {
            **{name: document[name] for name in DOCUMENT},
            "enlace": uuid4().hex,
            "outcome": said.outcome,
            "code": said.code,
            "until": said.until,
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

    def consultar_comprobante(self, body: Json, word: Word) -> Json:
        """The present state; SUNAT answers a pending document once its silence is over."""
        record = self._known(read(body, DOCUMENT))
        if record["outcome"] == PENDING and (word.outcome or is_over(record.get("until"))):
            record.update(outcome=word.outcome or ACCEPTED, code=word.code, until=word.until)
            self._keep(record)
        return {**self.answer(record), "anulado": record["anulado"]}

    def generar_anulacion(self, body: Json, word: Word) -> Json:
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
            "code": word.code,
            "until": word.until,
            "refused": word.outcome == REJECTED,
        }
        with self.store.together():
            self._keep(record)
            self.store.add("link", {"document": _key(record)}, key=record["anulacion"]["enlace"])
        return self.void_answer(record)

    def consultar_anulacion(self, body: Json, word: Word) -> Json:
        """The state of the baja: SUNAT answers it the first time it is asked for after its silence."""
        record = self._known(read(body, DOCUMENT))
        void = record["anulacion"]
        if void is None:
            raise Refusal(24, "El documento no tiene comunicación de baja")
        if void["outcome"] == PENDING and (word.outcome or is_over(void.get("until"))):
            usual = Word(REJECTED, void.get("code", "")) if void["refused"] else Word(ACCEPTED)
            self._settle_void(record, word if word.outcome else usual)
        return self.void_answer(record)

    def settle(self, verdict: Verdict) -> list[str]:
        """SUNAT answers what is pending and the verdict is about; the documents' names."""
        word, named = Word(verdict.outcome, verdict.code), []
        for record in filter(verdict.names, self.store.all("document")):
            void = record["anulacion"]
            if verdict.about == "void" and void and void["outcome"] == PENDING:
                self._settle_void(record, word)
            elif verdict.about == "document" and record["outcome"] == PENDING:
                record.update(outcome=word.outcome, code=word.code, until=None)
                self._keep(record)
            else:
                continue
            named.append(f"{record['serie']}-{record['numero']}")
        return named

    def answer(self, record: Json) -> Json:
        """The provider's answer for a document in its present state, links included."""
        links = self._links("cpe", record["enlace"])
        if record["outcome"] == PENDING:
            links["enlace_del_cdr"] = ""
        return {
            **{name: record[name] for name in DOCUMENT},
            **links,
            **fields(record["outcome"], _subject(record), record.get("code", "")),
            "cadena_para_codigo_qr": qr_text(record["request"], self.account.issuer, record["codigo_hash"]),
            "codigo_hash": record["codigo_hash"],
        }

    def void_answer(self, record: Json) -> Json:
        """The provider's answer for a comunicación de baja."""
        void = record["anulacion"]
        subject = f"La Comunicación de baja de {record['serie']}-{record['numero']}"
        return {
            "numero": record["numero"],
            "sunat_ticket_numero": void["ticket"],
            **self._links("anulacion", void["enlace"]),
            **fields(void["outcome"], subject, void.get("code", "")),
        }

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
        if record is None and wanted["serie"] not in self.account.series:
            raise refuse(f"La serie {wanted['serie']} no está autorizada en la cuenta")
        if record is None:
            raise Refusal(24, "El documento indicado no existe o no fue enviado a NubeFacT")
        return record

    def _keep(self, record: Json) -> None:
        body = {name: value for name, value in record.items() if name not in ("id", "at")}
        self.store.replace("document", body, key=_key(record))

    def _check_note(self, note: Values) -> None:
        key = "-".join(str(note[f"documento_que_se_modifica_{part}"]) for part in ("tipo", "serie", "numero"))
        record = self.store.get("document", key=key)
        standing = record is not None and record["outcome"] == ACCEPTED and not record["anulado"]
        check_note(note, read_document(record["request"]) if record else None, standing=standing)

    def _settle_void(self, record: Json, word: Word) -> None:
        record["anulacion"].update(outcome=word.outcome, code=word.code, until=word.until)
        record["anulado"] = word.outcome == ACCEPTED
        self._keep(record)

    def _usual_word(self, document: Values) -> Word:
        """Boletas go to SUNAT in the daily summary; what is not to be sent by itself waits in the panel."""
        if document.get("enviar_automaticamente_a_la_sunat") is False:
            return Word(PENDING)
        if document["tipo_de_comprobante"] != BOLETA or self.account.boletas == ACCEPTED:
            return Word(ACCEPTED)
        return Word(PENDING, until=silence(None, next_day=self.account.boletas == "next-day"))

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


def _subject(record: Json) -> str:
    return f"{NAMES[record['tipo_de_comprobante']]} numero {record['serie']}-{record['numero']}"
