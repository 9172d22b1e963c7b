"""Identity documents, mails, telephones, papers and passwords."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clients import (
    DocumentKind,
    DocumentType,
    PaperStatus,
    check_password,
    document_number,
    document_type,
    emails,
    masked,
    missing_documents,
    papers_of,
    phone,
    split_emails,
)
from domain.errors import Invalid

RUC, DNI, CE, PASSPORT = DocumentType.RUC, DocumentType.DNI, DocumentType.CE, DocumentType.PASAPORTE
REAL_RUCS = ("20512333797", "20600695771", "20108363101", "20110372320")


def _ruc(body):
    """A RUC with its check digit, computed here by SUNAT's weights and not by the code under test."""
    total = sum(weight * int(digit) for weight, digit in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), body, strict=True))
    return body + str((11 - total % 11) % 10)


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        (DNI, "01234567", "01234567"),
        (DNI, " 4000 0001 ", "40000001"),
        (CE, "001234567", "001234567"),
        (CE, "ab1234567890", "AB1234567890"),
        (PASSPORT, "xy-12345", "XY12345"),
        *((RUC, number, number) for number in REAL_RUCS),
    ],
)
def test_a_document_is_stored_without_spaces_and_keeps_its_zeros(kind, typed, stored):
    assert document_number(kind, typed) == stored


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (DNI, "1234567"),
        (DNI, "123456789"),
        (DNI, "1234567a"),
        (DNI, "١٢٣٤٥٦٧٨"),
        (DNI, ""),
        (CE, "12345678"),
        (CE, "1234567890123"),
        (CE, "ÑÑÑÑÑÑÑÑÑ"),
        (PASSPORT, "1234"),
        (PASSPORT, "1234567890123"),
        (RUC, "2051233379"),
        (RUC, "205123337970"),
    ],
)
def test_a_document_of_the_wrong_shape_is_refused(kind, typed):
    with pytest.raises(Invalid) as refusal:
        document_number(kind, typed)
    assert refusal.value.code == "DOCUMENT_FORMAT"
    assert refusal.value.field == "document_number"


@given(prefix=st.sampled_from(["10", "15", "16", "17", "20"]), rest=st.from_regex(r"[0-9]{8}", fullmatch=True))
def test_a_ruc_of_any_given_prefix_needs_its_check_digit(prefix, rest):
    number = _ruc(prefix + rest)
    assert document_number(RUC, number) == number
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    with pytest.raises(Invalid) as refusal:
        document_number(RUC, wrong)
    assert refusal.value.code == "DOCUMENT_CHECK_DIGIT"


@pytest.mark.parametrize("prefix", ["11", "18", "21", "30", "00"])
def test_a_ruc_of_a_prefix_that_sunat_never_gave_is_refused(prefix):
    with pytest.raises(Invalid):
        document_number(RUC, _ruc(prefix + "12345678"))


def test_a_type_of_document_reads_in_any_case():
    assert [document_type(text) for text in ("dni", "CE", " Ruc ", "PASAPORTE")] == [DNI, CE, RUC, PASSPORT]
    with pytest.raises(Invalid):
        document_type("LE")


def test_all_addresses_of_a_client_are_kept():
    """F113, F114: one treasurer, many companies."""
    assert emails("a@example.test; b@example.test") == ("a@example.test", "b@example.test")


def test_an_address_is_kept_once_whatever_its_case():
    """F104."""
    assert emails("a@example.test;A@Example.Test; a@example.test;") == ("a@example.test",)


def test_a_bad_address_is_reported_and_does_not_block_the_other():
    """F113."""
    assert split_emails("a@example.test; b@@example") == (("a@example.test",), ("b@@example",))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "a",
        "a@b",
        "a@example.test; b",
        "a b@example.test",
        "a@example.test\nBcc: b@example.test",
        "a..b@example.test",
        ".a@example.test",
        "a@-example.test",
        "a@example.t" + "x" * 250,
    ],
)
def test_what_no_mail_can_reach_is_refused(text):
    with pytest.raises(Invalid) as refusal:
        emails(text)
    assert refusal.value.field == "email"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("987654321", "+51987654321"),
        ("+51 987 654 321", "+51987654321"),
        ("51987654321", "+51987654321"),
        ("987-654-321", "+51987654321"),
        ("444-1234", "+5114441234"),
        ("(01) 4441234", "+5114441234"),
        ("044 234567", "+5144234567"),
        ("+1 305 555 1234", "+13055551234"),
    ],
)
def test_a_telephone_is_stored_in_one_form(typed, stored):
    assert phone(typed) == stored
    assert phone(stored) == stored


@pytest.mark.parametrize(
    "typed", ["", "12345", "123456789", "98765432", "9876543210", "nueve", "+51123", "+5198765432a"]
)
def test_what_no_telephone_in_peru_looks_like_is_refused(typed):
    with pytest.raises(Invalid):
        phone(typed)


def test_a_masked_document_shows_three_characters():
    """F114, F137, F186."""
    assert masked("40000001") == "*****001"
    assert masked("20512333797") == "********797"
    assert masked("") == ""


def test_a_company_owes_its_ficha_and_a_person_both_sides():
    """F140, F141."""
    assert missing_documents(RUC, []) == (DocumentKind.RUC_FICHA,)
    assert missing_documents(RUC, ["ruc_ficha"]) == ()
    assert missing_documents(DNI, ["dni_front"]) == (DocumentKind.DNI_BACK,)
    assert missing_documents(CE, ["ruc_ficha"]) == (DocumentKind.DNI_FRONT, DocumentKind.DNI_BACK)
    assert missing_documents(PASSPORT, ["dni_front"]) == ()


def test_a_password_of_eight_characters_is_enough():
    check_password("12345678")


@pytest.mark.parametrize(
    ("password", "document", "code"),
    [
        ("1234567", "", "PASSWORD_SHORT"),
        ("", "", "PASSWORD_SHORT"),
        ("x" * 129, "", "PASSWORD_LONG"),
        ("40000001", "40000001", "PASSWORD_IS_DOCUMENT"),
        ("ab1234567", "AB1234567", "PASSWORD_IS_DOCUMENT"),
    ],
)
def test_a_weak_password_is_refused(password, document, code):
    """F162: never the document."""
    with pytest.raises(Invalid) as refusal:
        check_password(password, document=document)
    assert refusal.value.code == code
    assert not password or password not in refusal.value.message


def test_an_observed_document_is_owed_again_and_a_sent_one_waits_for_review():
    sent = {"dni_front": PaperStatus.ACEPTADO, "dni_back": PaperStatus.OBSERVADO}
    papers = papers_of(DNI, sent)
    assert (papers.missing, papers.to_review, papers.accepted) == ((DocumentKind.DNI_BACK,), (), False)
    again = papers_of(DNI, {**sent, "dni_back": PaperStatus.POR_REVISAR})
    assert (again.sent, again.to_review) == (True, (DocumentKind.DNI_BACK,))
    assert papers_of(RUC, {"ruc_ficha": PaperStatus.ACEPTADO, "dni_front": PaperStatus.POR_REVISAR}).accepted
