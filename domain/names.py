"""Names as they are compared: folded, without particles, titles and legal forms, in tokens that know their sound.

Peruvian names are given names and two surnames; lists write "APELLIDOS, Nombres", leave a surname out, or spell an
Arabic or a Slavic name in five ways. Everything here is pure and forgets case, accents and order.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from domain.name_tables import FAMILIAR, FATHER_MARKS, FREQUENT, GIVEN_NAMES, LEGAL_FORMS, PARTICLES, TITLES, WIDESPREAD
from domain.transliteration import CONSONANTAL, TABLE

MAX_NAME = 300
_DROPPED = re.compile(r"[\u0027\u2018\u2019\u02bb\u02bc\u02be\u02bf\u0060\u00b4\u200c\u200d\u0640]")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?|\b[^\W\d_]\.[^\W\d_]\b")
_WORD = re.compile(r"[^\W_]+")
_LETTER_AND_DIGIT = re.compile(r"(?=.*[A-Z].*[A-Z])(?=.*[0-9])")
# Digits that are read as letters when they stand inside a word ("Ig0r Sech1n").
_LOOKALIKES = str.maketrans("0193584", "OIGESBA")
# Arabic "servant of": ABD AL-AZIZ, ABDUL AZIZ and ABDULAZIZ are one name.
_SERVANT = re.compile(r"(?:ABDAL|ABDEL|ABDUL|ABDU|ABD|ABDOUL|ABDOL)(?=[A-Z]{3})(?:[AEU]L|[AEU]R|[AEU]S)?(?=[A-Z]{3})")
_SERVANTS = frozenset({"ABD", "ABDAL", "ABDEL", "ABDUL", "ABDOUL", "ABDOL", "ABDU"})

# How a spelling sounds, applied in this order: Spanish (Velásquez, Belasques), Arabic and Slavic transliterations.
_SOUNDS: tuple[tuple[str, str], ...] = (
    ("JH", "J"),
    ("OHN", "ON"),
    ("CHR", "KR"),
    ("TSCH", "C"),
    ("SHCH", "C"),
    ("SCH", "S"),
    ("TCH", "C"),
    ("DJ", "J"),
    ("DZH", "J"),
    ("ZH", "J"),
    ("CZ", "C"),
    ("KH", "H"),
    ("GH", "G"),
    ("PH", "F"),
    ("TH", "T"),
    ("DH", "D"),
    ("CK", "K"),
    ("QUE", "KE"),
    ("QUI", "KI"),
    ("GUE", "GE"),
    ("GUI", "GI"),
    ("CH", "X"),
    ("SH", "X"),
    ("CE", "SE"),
    ("CI", "SI"),
    ("CY", "SI"),
    ("C", "K"),
    ("X", "C"),
    ("Q", "K"),
    ("W", "V"),
    ("B", "V"),
    ("Z", "S"),
    ("YU", "IU"),
    ("YA", "IA"),
    ("YE", "IE"),
    ("Y", "I"),
    ("OU", "U"),
    ("OO", "U"),
    ("EE", "I"),
    ("EJ", "I"),
    ("IJ", "I"),
    ("EI", "I"),
    ("IE", "I"),
    ("AI", "I"),
    ("E", "I"),
    ("O", "U"),
)
_DOUBLED = re.compile(r"(.)\1+")
_VOWELS = re.compile(r"[AEIOUH]")


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a name. `sound` is how it is pronounced, `bones` its consonants; both only to compare.

    `initial`: a single letter that stands for a name.
    """

    text: str
    sound: str = field(compare=False)
    bones: str = field(compare=False)
    initial: bool = field(compare=False)

    @property
    def weight(self) -> int:
        """How much it tells of who it is, in percent: an unknown word most, a name that everybody bears least."""
        if self.initial:
            return 20
        if self.text in WIDESPREAD or self.text in FREQUENT:
            return 60
        return 100


@dataclass(frozen=True, slots=True)
class Name:
    """A name ready to compare. `surnames` are the positions of its surnames where it is known which they are."""

    written: str
    tokens: tuple[Token, ...]
    surnames: frozenset[int] = frozenset()
    father: int | None = None


def fold(text: str) -> str:
    """Capitals without accents, in Latin where the script is known; ñ is n, as lists write it."""
    plain = unicodedata.normalize("NFKC", text[:MAX_NAME]).upper()
    plain = _DROPPED.sub("", plain).translate(TABLE)
    decomposed = unicodedata.normalize("NFKD", plain)
    bare = "".join(char for char in decomposed if not unicodedata.category(char).startswith("M"))
    return unicodedata.normalize("NFC", bare).translate(TABLE)


@lru_cache(maxsize=65536)
def token(text: str, *, consonantal: bool = False) -> Token:
    """A folded word with its sound."""
    sound = _sound(text)
    bones = _VOWELS.sub("", sound[:1] if sound[:1] in "AEIOU" else "") + _VOWELS.sub("", sound)
    said = bones if consonantal else sound
    return Token(text=text, sound=said, bones=bones.replace("K", "G"), initial=len(text) == 1)


def name(text: str, *, surnames: str = "", company: bool = False) -> Name:
    """Read a name. "QUISPE PALOMINO, Víctor" says itself which are the surnames; else `surnames` may.

    A company keeps no surnames, and its legal form (S.A.C., E.I.R.L.) does not count.
    """
    head, comma, tail = text.partition(",")
    listed = bool(comma) and not company and bool(tail.strip())
    words, father = _words(f"{tail} {head}" if listed and not surnames else text, company=company)
    if listed and not surnames:
        surnames = head
    family = set(_words(surnames, company=False)[0]) if surnames and not company else set()
    consonantal = any(char in CONSONANTAL for char in text)
    tokens = tuple(token(word, consonantal=consonantal) for word in words)
    places = frozenset(place for place, word in enumerate(words) if word in family)
    return Name(written=text.strip(), tokens=tokens, surnames=places, father=father)


def frequent(text: str) -> bool:
    """A name that many people of Peru bear."""
    return text in FREQUENT


def of_other_gender(one: str, other: str) -> bool:
    """FERNANDO and FERNANDA, JUAN and JUANA: two people, not a misspelling. Only for given names that we know."""
    short, long = sorted((one, other), key=len)
    turned = short[:-1] == long[:-1] and {short[-1], long[-1]} == {"A", "O"}
    return (turned or long in {f"{short}A", f"{short}IA"}) and (one in GIVEN_NAMES or other in GIVEN_NAMES)


def familiar(one: str, other: str) -> bool:
    """PEPE is JOSE, LUCHO is LUIS."""
    return bool(FAMILIAR.get(one, frozenset()) & FAMILIAR.get(other, frozenset()))


def _words(text: str, *, company: bool) -> tuple[list[str], int | None]:
    """The words that count, and the place of the one after the first "bin"."""
    raw = _joined_forms(_WORD.findall(_DOTTED.sub(_undotted, fold(text))))
    words: list[str] = []
    father: int | None = None
    for word in _without_noise(raw, company=company):
        if word in FATHER_MARKS:
            father = len(words) if father is None and words else father
        elif word not in PARTICLES:
            words.append(_readable(word))
    words = _servants(words) or [_readable(word) for word in raw]
    return words, father if father is not None and father < len(words) else None


def _undotted(match: re.Match[str]) -> str:
    letters = match.group().replace(".", "")
    return letters if len(letters) > 2 or letters in LEGAL_FORMS else " ".join(letters)  # noqa: PLR2004 - "J. C." are two initials


def _joined_forms(words: list[str]) -> list[str]:
    """A legal form written apart at the end ("S A C") is one word."""
    for size in (4, 3, 2):
        tail = words[-size:]
        if len(words) > size and all(len(word) == 1 for word in tail) and "".join(tail) in LEGAL_FORMS:
            return [*words[:-size], "".join(tail)]
    return words


def _without_noise(words: list[str], *, company: bool) -> list[str]:
    """Without titles at the start and legal forms at the end; never all of it."""
    start, end = 0, len(words)
    while end - start > 1 and words[end - 1] in LEGAL_FORMS:
        end -= 1
    while not company and end - start > 1 and words[start] in TITLES:
        start += 1
    kept = words[start:end]
    if company:
        return [word for word in kept if word not in LEGAL_FORMS] or kept
    return [word for word in kept if word not in TITLES] or kept


def _readable(word: str) -> str:
    return word.translate(_LOOKALIKES) if _LETTER_AND_DIGIT.match(word) else word


def _servants(words: list[str]) -> list[str]:
    """ABDUL + AZIZ is one word, ABDAZIZ, however it was written."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in _SERVANTS:
            joined[-1] = f"ABD{word}"
        else:
            joined.append(_SERVANT.sub("ABD", word, count=1) if word.startswith("ABD") else word)
    return ["ABD" if word in _SERVANTS else word for word in joined]


def _sound(text: str) -> str:
    said = text
    for spelling, sound in _SOUNDS:
        said = said.replace(spelling, sound)
    said = said.removeprefix("H") if len(said) > 1 else said
    said = _DOUBLED.sub(r"\1", said)
    return said.removesuffix("H") or text
