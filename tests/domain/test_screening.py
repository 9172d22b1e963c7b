"""Screening: the document first, then names, with what speaks for and against."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain.clients import DocumentType
from domain.lists import Birth, Entry, EntryKind, ListCode, ListedDocument, ListedName, NameKind
from domain.screening import CheckResult, HitState, Screener, Subject, holds, result

LISTED = Entry(
    list_code=ListCode.OFAC,
    uid="900001",
    kind=EntryKind.PERSONA,
    names=(
        ListedName(text="CHUQUIMIA SOLORIO, Abelardo Isidro"),
        ListedName(text="EL ZORZAL", kind=NameKind.DEBIL),
    ),
    documents=(ListedDocument(kind="LE Number", number="40000014", country="Peru"),),
    births=(Birth(first_year=1961, last_year=1961, day=date(1961, 4, 9)),),
    nationalities=("Peru",),
)
COMPANY = Entry(
    list_code=ListCode.ONU,
    uid="900002",
    kind=EntryKind.ENTIDAD,
    names=(ListedName(text="TRANSPORTES YAKU PUMA S.A.C."),),
    documents=(ListedDocument(kind="RUC", number="20999999019", country="Peru"),),
)
COLOMBIAN = Entry(
    list_code=ListCode.OFAC,
    uid="900003",
    kind=EntryKind.PERSONA,
    names=(ListedName(text="PIEDRAHITA OCAMPO, Wilfran"),),
    documents=(ListedDocument(kind="Cedula No.", number="40000022", country="Colombia"),),
)
SCREENER = Screener([LISTED, COMPANY, COLOMBIAN])
ABELARDO = Subject(
    kind=EntryKind.PERSONA,
    name="Abelardo Isidro Chuquimia Solorio",
    surnames="Chuquimia Solorio",
    document_type=DocumentType.DNI,
    document_number="40000014",
)


def test_a_listed_peruvian_document_is_that_person_whatever_the_name():
    (found,) = SCREENER.screen(replace(ABELARDO, name="Otro Nombre Cualquiera", surnames="Cualquiera"))
    assert (found.entry, found.score, found.likely, found.by_document) == (LISTED, 100, True, True)


def test_a_ruc_of_a_person_is_read_as_its_dni():
    ruc = replace(ABELARDO, name="Nada", document_type=DocumentType.RUC, document_number="10400000145")
    assert [found.entry.uid for found in SCREENER.screen(ruc)] == ["900001"]


def test_another_countrys_number_is_not_a_dni():
    stranger = replace(ABELARDO, name="Rosa Quispe Mamani", surnames="Quispe Mamani", document_number="40000022")
    assert SCREENER.screen(stranger) == []


def test_a_name_alone_is_likely_until_something_speaks_against_it():
    unknown = replace(ABELARDO, document_number="", document_type=None)
    (plain,) = SCREENER.screen(unknown)
    (other_birth,) = SCREENER.screen(replace(unknown, birth_date=date(1990, 1, 1)))
    (same_birth,) = SCREENER.screen(replace(unknown, birth_date=date(1961, 4, 9), nationality="Perú"))
    assert (plain.likely, same_birth.likely, other_birth.likely) == (True, True, False)
    assert other_birth.score < plain.score
    assert other_birth.explanation()["apoyo"] == [{"dato": "otra fecha de nacimiento", "puntos": -20}]


def test_a_homonym_with_another_dni_never_stops_an_operation_by_itself():
    found = SCREENER.screen(replace(ABELARDO, document_number="40000030"))
    assert not any(match.likely for match in found)


def test_a_company_is_found_by_ruc_and_by_name_without_its_legal_form():
    by_name = Subject(kind=EntryKind.ENTIDAD, name="Transportes Yaku Puma E.I.R.L.")
    by_ruc = replace(by_name, name="Otra", document_type=DocumentType.RUC, document_number="20999999019")
    assert [[m.entry.uid for m in SCREENER.screen(one)] for one in (by_name, by_ruc)] == [["900002"], ["900002"]]


@pytest.mark.parametrize(
    "text",
    ["ABU MOHAMMED", "ISMAEL, Ismael", "AHMED, A.", "ALI, Hassan", "El M", "“1-P”", "Sa'id SA'ID", "Juan Pérez"],
)
def test_a_listed_name_finds_itself_however_common_its_words_and_weak_the_alias(text):
    entry = replace(LISTED, names=(ListedName(text="OTRO, Nombre"), ListedName(text=text, kind=NameKind.DEBIL)))
    (found,) = Screener([entry, COMPANY]).screen(Subject(kind=EntryKind.PERSONA, name=text))
    assert (found.entry, found.likely) == (entry, False)


@pytest.mark.parametrize("text", ["AL-AQSA E.V.", "E. X. Co.", "G Y G INTERNACIONAL S.A.S.", "5 ENERGY", "R D I S.A."])
def test_a_listed_company_finds_itself(text):
    entry = replace(COMPANY, names=(ListedName(text=text),))
    (found,) = Screener([entry, LISTED]).screen(Subject(kind=EntryKind.ENTIDAD, name=text))
    assert found.entry == entry


def test_a_very_common_name_is_still_told_apart_by_what_is_known_of_the_person():
    entry = replace(LISTED, names=(ListedName(text="PEREZ, Juan", kind=NameKind.DEBIL),))
    common = replace(ABELARDO, name="Juan Pérez", surnames="Pérez", document_number="")
    assert Screener([entry]).screen(replace(common, birth_date=date(1990, 1, 1))) == []
    assert Screener([entry]).screen(common)


def test_an_entry_keeps_its_fingerprint_when_only_its_remarks_change():
    assert replace(LISTED, remarks="nuevo").fingerprint == LISTED.fingerprint
    assert replace(LISTED, births=()).fingerprint != LISTED.fingerprint
    assert Entry.from_json(ListCode.OFAC, "900001", EntryKind.PERSONA, LISTED.as_json()) == LISTED


def test_what_nobody_checked_is_not_clean():
    """F254."""
    assert result([], []) is CheckResult.SIN_REVISAR
    assert result([], [ListCode.OFAC]) is CheckResult.PARCIAL
    assert result([], [ListCode.OFAC, ListCode.ONU]) is CheckResult.LIMPIO
    assert result(["hit"], [ListCode.OFAC]) is CheckResult.COINCIDENCIA


def test_only_a_sanction_that_is_confirmed_or_likely_holds_operations():
    assert holds(ListCode.ONU, HitState.NUEVA, likely=True)
    assert holds(ListCode.OFAC, HitState.CONFIRMADA, likely=False)
    assert not holds(ListCode.OFAC, HitState.NUEVA, likely=False)
    assert not holds(ListCode.OFAC, HitState.DESCARTADA, likely=True)
    assert not holds(ListCode.PEP, HitState.CONFIRMADA, likely=True)
