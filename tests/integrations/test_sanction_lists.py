"""The published files of OFAC and the UN, read whole or not at all."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from domain.lists import EntryKind, NameKind
from domain.screening import Screener, Subject
from integrations.sanction_lists import ofac, un
from integrations.sanction_lists.errors import ListUnreadable

REAL = Path(os.environ.get("QORICASH_LISTS") or Path(__file__).parents[3] / "shared" / "data")
NULLS = ",".join(["-0- "] * 6)
SDN = (
    f'900001,"CHUQUIMIA SOLORIO, Abelardo","individual","SDNTK",{NULLS},-0- ,'
    '"DOB 09 Apr 1961; alt. DOB 1962; citizen Peru; LE Number 40000014 (Peru); Passport 1234567 (Peru) '
    "issued 04 Jan 2005; RUC # 10400000145 (Peru); a.k.a. 'EL ZORZAL'.\"\r\n"
    f'900002,"NAVE INVENTADA","vessel","CUBA",{NULLS},-0- ,-0- \r\n\x1a'
).encode()
ALT = b'900001,1,"aka","SOLORIO, Abel",-0- \r\n\x1a'
ADD = b'900002,1,-0- ,"Callao","Peru",-0- \r\n\x1a'
XML = b"""<?xml version="1.0"?><CONSOLIDATED_LIST dateGenerated="2026-02-27T00:00:09.554Z"><INDIVIDUALS><INDIVIDUAL>
<DATAID>77</DATAID><FIRST_NAME>ABELARDO</FIRST_NAME><SECOND_NAME>CHUQUIMIA</SECOND_NAME><THIRD_NAME>na</THIRD_NAME>
<NATIONALITY><VALUE>Peru</VALUE></NATIONALITY>
<INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Abel Solorio; Abelo Solorio</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>El Zorzal</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1960</FROM_YEAR><TO_YEAR>1962</TO_YEAR>
</INDIVIDUAL_DATE_OF_BIRTH><INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>ab 123</NUMBER>
<ISSUING_COUNTRY>Peru</ISSUING_COUNTRY></INDIVIDUAL_DOCUMENT></INDIVIDUAL></INDIVIDUALS><ENTITIES><ENTITY>
<DATAID>78</DATAID><FIRST_NAME>CASA INVENTADA</FIRST_NAME><ENTITY_ALIAS><QUALITY>f.k.a.</QUALITY>
<ALIAS_NAME>CASA VIEJA</ALIAS_NAME></ENTITY_ALIAS></ENTITY></ENTITIES></CONSOLIDATED_LIST>"""


def test_ofac_gives_names_documents_and_births_from_its_remarks():
    person, ship = ofac.read(SDN, ALT, ADD).entries
    assert [(one.text, one.kind) for one in person.names] == [
        ("CHUQUIMIA SOLORIO, Abelardo", NameKind.PRINCIPAL),
        ("SOLORIO, Abel", NameKind.ALIAS),
        ("EL ZORZAL", NameKind.DEBIL),
    ]
    assert {(one.kind, one.number) for one in person.documents if one.peruvian} == {
        ("LE Number", "40000014"),
        ("Passport", "1234567"),
        ("RUC", "10400000145"),
    }
    assert [(one.day, one.first_year) for one in person.births] == [(date(1961, 4, 9), 1961), (None, 1962)]
    assert (person.nationalities, ship.kind, ship.remarks) == (("Peru",), EntryKind.NAVE, "")


def test_the_un_list_gives_the_aliases_of_people_and_of_companies():
    """The predecessor looked for a tag that does not exist and loaded none of 2,308."""
    read = un.read(XML)
    person, company = read.entries
    assert [(one.text, one.kind) for one in person.names] == [
        ("ABELARDO CHUQUIMIA", NameKind.PRINCIPAL),
        ("Abel Solorio", NameKind.ALIAS),
        ("Abelo Solorio", NameKind.ALIAS),
        ("El Zorzal", NameKind.DEBIL),
    ]
    assert (person.births[0].first_year, person.births[0].last_year) == (1960, 1962)
    assert person.documents[0].number == "AB 123"
    assert [one.kind for one in company.names] == [NameKind.PRINCIPAL, NameKind.ANTERIOR]
    assert read.published == "2026-02-27"


@pytest.mark.parametrize(
    "files",
    [
        (SDN[:-40], ALT, ADD),
        (b"", ALT, ADD),
        (SDN.replace(b'"SDNTK",', b""), ALT, ADD),
        (SDN, b"<html></html>\n", ADD),
        (SDN.replace(b"900002", b"900001"), ALT, ADD.replace(b"900002", b"900001")),
        (SDN.replace(b"NAVE", b"NA\0VE"), ALT, ADD),
    ],
)
def test_a_file_of_ofac_that_is_cut_or_is_another_is_refused(files):
    with pytest.raises(ListUnreadable):
        ofac.read(*files)


@pytest.mark.parametrize(
    "content",
    [
        *(XML[:-60], b"<html></html>", b"", b'<!DOCTYPE a [<!ENTITY b "b">]><CONSOLIDATED_LIST/>'),
        XML.replace(b"<DATAID>78", b"<DATAID>77"),
        *(XML.replace(b'"1.0"', b'"1.0" encoding="%s"' % odd) for odd in (b"ninguna", b"gb2312")),
    ],
)
def test_an_xml_that_is_cut_or_is_another_is_refused(content):
    with pytest.raises(ListUnreadable):
        un.read(content)


@pytest.mark.parametrize("told", [b"31 Jun 1961", b"00 Apr 1961", b"1961 or so"])
def test_a_day_that_does_not_exist_leaves_its_year(told: bytes):
    """The list was not taken, and of this no incident told."""
    person, _ = ofac.read(SDN.replace(b"09 Apr 1961", told), ALT, ADD).entries
    assert (person.births[0].day, person.births[0].first_year) == (None, 1961)
    day = b"<TYPE_OF_DATE>EXACT</TYPE_OF_DATE><YEAR>1961</YEAR><DATE>1961-06-31</DATE>"
    between = XML[XML.index(b"<TYPE_OF_DATE>") : XML.index(b"</INDIVIDUAL_DATE_OF_BIRTH>")]
    for written, births in ((day, [(None, 1961)]), (day.replace(b"31<", b"30<"), [(date(1961, 6, 30), 1961)])):
        person, _ = un.read(XML.replace(between, written)).entries
        assert [(one.day, one.first_year) for one in person.births] == births
    assert un.read(XML.replace(between, b"<YEAR>196</YEAR>")).entries[0].births == ()


@pytest.mark.skipif(not REAL.exists(), reason="the real lists are not on this machine")
def test_the_real_lists_are_read_whole():
    sdn, alt, add = ((REAL / "ofac" / f"{name}.csv").read_bytes() for name in ("sdn", "alt", "add"))
    usa, world = ofac.read(sdn, alt, add), un.read((REAL / "un" / "consolidated.xml").read_bytes())
    kinds = Counter(entry.kind for entry in world.entries)
    assert (len(usa.entries), kinds[EntryKind.PERSONA], kinds[EntryKind.ENTIDAD]) == (8976, 730, 273)
    aliases = sum(len(entry.names) - 1 for entry in world.entries if entry.kind is EntryKind.PERSONA)
    assert aliases > 2000
    peruvian = Counter(one.kind for entry in usa.entries for one in entry.documents if one.peruvian)
    assert (peruvian["RUC"], peruvian["LE Number"]) == (29, 9)


@pytest.mark.skipif(not REAL.exists(), reason="the real lists are not on this machine")
def test_a_sample_of_the_names_of_the_real_lists_find_their_own_entry():
    """Whoever is listed and writes its name as the list does is found: 7 of 2,000 were not, once."""
    sdn, alt, add = ((REAL / "ofac" / f"{name}.csv").read_bytes() for name in ("sdn", "alt", "add"))
    world = un.read((REAL / "un" / "consolidated.xml").read_bytes())
    screener = Screener([*ofac.read(sdn, alt, add).entries, *world.entries])
    compared = [entry for entry in screener.entries if entry.kind in {EntryKind.PERSONA, EntryKind.ENTIDAD}]
    asked = [(entry, one) for entry in compared for one in entry.names][::150]
    missed = [
        (entry.uid, one.text)
        for entry, one in asked
        if entry not in [m.entry for m in screener.screen(Subject(kind=entry.kind, name=one.text))]
    ]
    assert missed == []
