"""How alike two names are, token by token, with the reason of each point.

Every word of the shorter name must find its own in the longer: words that only one side has cost little, words that
differ on both sides are a different person. Calibrated on labelled pairs; figures and method in docs/screening.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from domain.names import Name, Token, familiar, frequent, of_other_gender

# Percent of likeness.
EQUAL, SAME_SOUND, FAMILIAR_FORM, SAME_BONES, INITIAL = 100, 95, 90, 88, 80
SHORT, MIDDLE, LONG = 3, 5, 10
MIN_BONES = 3
JOINED = "junto o separado"
LEAST = 65  # less than this is another word
SERVANT, SERVANT_FORM, SERVANT_WEIGHT, WITH_SERVANT = "ABD", 85, 60, "con o sin Abdul"
ENDINGS = (
    "ULLAH",
    "ULA",
    "UDDIN",
    "UDIN",
    "DOTTIR",
    "DUTIR",
    "OVICH",
    "UVIC",
    "EVICH",
    "IVIC",
    "SHVILI",
    "CVILI",
    "MANN",
    "BERG",
)
# What a name with words of its own on both sides may reach at most: below the threshold, whatever else agrees.
CONTRADICTED = 70
# A name that is one word says too little to stand for one of several.
ONE_WORD = 65
WHOLE = 100
EXTRA_COST = 25  # percent of its weight that a word of one side only costs
OPPOSED_COST = 150
SWAPPED_ROLE = 92  # a surname on one side that is a given name on the other
NO_SURNAME = 80
THIN, THIN_WEIGHT = 90, 130  # two frequent words are a coincidence more often than a person
THINNEST, THINNEST_WEIGHT = 75, 100
# The very same words on both sides are looked at by a person, however common they are: a listed name finds itself.
SAME_WORDS, SAME_WORDS_LEAST = "mismo nombre", 75

Weight = Callable[[Token], int]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two words that were taken for the same, how alike they are (0-100), how much they count, and why."""

    left: str
    right: str
    likeness: int
    weight: int
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The score (0-100) of two names with all that led to it."""

    score: int
    pairs: tuple[Pair, ...]
    left_only: tuple[str, ...]
    right_only: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def same_words(self) -> bool:
        """Word by word the same name."""
        return SAME_WORDS in self.remarks


def plain_weight(word: Token) -> int:
    """The weight of a word without a list at hand."""
    return word.weight


@lru_cache(maxsize=200_000)
def likeness(one: Token, other: Token) -> tuple[int, str]:
    """How alike two words are (0-100), and why."""
    if one.text == other.text:
        return EQUAL, "igual"
    if one.initial or other.initial:
        return (INITIAL, "inicial") if one.text[0] == other.text[0] else (0, "")
    if one.sound == other.sound and one.bones:
        return SAME_SOUND, "suena igual"
    if familiar(one.text, other.text):
        return FAMILIAR_FORM, "forma familiar"
    if (frequent(one.text) and frequent(other.text)) or of_other_gender(one.text, other.text):
        return 0, ""
    return _misspelt(one, other)


def _misspelt(one: Token, other: Token) -> tuple[int, str]:
    if SERVANT + one.text == other.text or one.text == SERVANT + other.text:
        return SERVANT_FORM, WITH_SERVANT
    best = max(_share(*_cores(one.text, other.text)), _share(*_cores(one.sound, other.sound)) - 3)
    if one.bones == other.bones and len(one.bones) >= MIN_BONES:
        best = max(best, SAME_BONES)
    return (best, "parecido") if best >= LEAST else (0, "")


def _cores(one: str, other: str) -> tuple[str, str]:
    """What is left without a beginning or an end that many names share (Abdul…, …ullah, …dottir)."""
    if one.startswith(SERVANT) and other.startswith(SERVANT):
        one, other = one.removeprefix(SERVANT), other.removeprefix(SERVANT)
    for ending in ENDINGS if one.endswith(ENDINGS) else ():
        if one.endswith(ending) and other.endswith(ending):
            return one.removesuffix(ending), other.removesuffix(ending)
    return one, other


def _share(one: str, other: str) -> int:
    """What a misspelling leaves in common (0-100); zero when it would take too many."""
    longest = max(len(one), len(other))
    allowed = _edits(longest) if one.isascii() or longest >= MIDDLE else 0
    distance = OSA.distance(one, other, score_cutoff=allowed)
    return 0 if distance > allowed else WHOLE - WHOLE * distance // max(longest, 1)


def _edits(length: int) -> int:
    if length < SHORT:
        return 0
    if length < MIDDLE:
        return 1
    return 2 if length < LONG else 3


def compare(left: Name, right: Name, weight: Weight = plain_weight) -> Comparison:
    """Compare two names; `weight` says how much a word tells (rare words more)."""
    pairs, free_left, free_right = _aligned(left, right, weight)
    pairs += _rejoined(left, right, free_left, free_right, weight)
    return _scored(left, right, pairs, (free_left, free_right), weight)


def bound(agreed: int, over: int) -> int:
    """The most that two names can score whose words agree in this weight, with this weight of words over."""
    score = WHOLE * WHOLE * agreed // max(agreed * WHOLE + over * EXTRA_COST, 1)
    return score * _thinness(agreed) // WHOLE


def _thinness(agreed: int) -> int:
    if agreed >= THIN_WEIGHT:
        return WHOLE
    return THIN if agreed >= THINNEST_WEIGHT else THINNEST


def _aligned(left: Name, right: Name, weight: Weight) -> tuple[list[Pair], set[int], set[int]]:
    """Each word with its best counterpart, the likest and heaviest first."""
    found = []
    for i, one in enumerate(left.tokens):
        for j, other in enumerate(right.tokens):
            alike, why = likeness(one, other)
            if alike:
                found.append((alike, -abs(i - j), i, j, why))
    found.sort(reverse=True)
    free_left, free_right = set(range(len(left.tokens))), set(range(len(right.tokens)))
    pairs = []
    for alike, _, i, j, why in found:
        if i in free_left and j in free_right:
            free_left.remove(i)
            free_right.remove(j)
            one, other = left.tokens[i], right.tokens[j]
            heavy = min(weight(one), weight(other))
            crossed = bool(left.surnames and right.surnames) and (i in left.surnames) != (j in right.surnames)
            pairs.append(Pair(one.text, other.text, alike * SWAPPED_ROLE // WHOLE if crossed else alike, heavy, why))
    return pairs, free_left, free_right


def _rejoined(left: Name, right: Name, free_left: set[int], free_right: set[int], weight: Weight) -> list[Pair]:
    """Words that one side writes together and the other apart: JANDANIEL, JAN DANIEL."""
    pairs = []
    for whole, whole_free, parts, parts_free, turned in (
        (left, free_left, right, free_right, False),
        (right, free_right, left, free_left, True),
    ):
        for i in sorted(whole_free):
            run = _run(whole.tokens[i], parts, parts_free)
            if run:
                whole_free.remove(i)
                parts_free.difference_update(run)
                one, apart = whole.tokens[i].text, " ".join(parts.tokens[j].text for j in run)
                texts = (apart, one) if turned else (one, apart)
                pairs.append(Pair(*texts, SAME_SOUND, weight(whole.tokens[i]) * len(run), JOINED))
    return pairs


def _run(whole: Token, parts: Name, free: set[int]) -> tuple[int, ...]:
    """Neighbouring free words that make `whole` together."""
    for start in range(len(parts.tokens)):
        for end in range(start + 2, min(start + 4, len(parts.tokens)) + 1):
            places = range(start, end)
            if set(places) <= free:
                together = "".join(parts.tokens[place].text for place in places)
                if OSA.distance(together, whole.text, score_cutoff=1) <= 1:
                    return tuple(places)
    return ()


def _scored(
    left: Name, right: Name, pairs: Sequence[Pair], free: tuple[set[int], set[int]], weight: Weight
) -> Comparison:
    alone_left = [left.tokens[place] for place in sorted(free[0])]
    alone_right = [right.tokens[place] for place in sorted(free[1])]
    agreed = sum(pair.weight for pair in pairs)
    if not agreed:
        return Comparison(0, (), _texts(alone_left), _texts(alone_right))
    own_left = sum(map(weight, alone_left)) + sum(SERVANT_WEIGHT for pair in pairs if _servant_on(pair.left, pair))
    own_right = sum(map(weight, alone_right)) + sum(SERVANT_WEIGHT for pair in pairs if _servant_on(pair.right, pair))
    opposed = min(own_left, own_right)
    extra = max(own_left - _repeated(left, alone_left, weight), own_right - _repeated(right, alone_right, weight))
    extra = max(extra - opposed, 0)
    alike = sum(pair.weight * pair.likeness for pair in pairs) // agreed
    score = alike * agreed * WHOLE // (agreed * WHOLE + opposed * OPPOSED_COST + extra * EXTRA_COST)
    score, remarks = _tempered(score, left, right, pairs, opposed=opposed, agreed=agreed)
    equal = not alone_left and not alone_right and all(pair.likeness == EQUAL for pair in pairs)
    if equal and not _swapped_fathers(left, right):
        score, remarks = max(score, SAME_WORDS_LEAST), (*remarks, SAME_WORDS)
    return Comparison(score, tuple(pairs), _texts(alone_left), _texts(alone_right), remarks)


def _servant_on(text: str, pair: Pair) -> bool:
    """This side wrote the Abdul that the other lacks: one more word of its own."""
    return pair.why == WITH_SERVANT and text.startswith(SERVANT)


def _repeated(whole: Name, alone: Sequence[Token], weight: Weight) -> int:
    """A word written twice tells nothing more; it only counts against another word of the other side."""
    texts = [word.text for word in whole.tokens]
    return sum(weight(word) for word in set(alone) if texts.count(word.text) > 1)


def _tempered(
    score: int, left: Name, right: Name, pairs: Sequence[Pair], *, opposed: int, agreed: int
) -> tuple[int, tuple[str, ...]]:
    """What no sum of words sees: a contradiction, one word for many, no surname in common, two frequent words."""
    several = max(len(left.tokens), len(right.tokens)) > 1
    joined = any(pair.why == JOINED for pair in pairs)
    doubts = (
        (opposed > 0, WHOLE, CONTRADICTED, "nombres distintos en ambos lados"),
        (several and len(pairs) == 1 and not joined, WHOLE, ONE_WORD, "solo coincide una palabra"),
        (several and agreed < THIN_WEIGHT, _thinness(agreed), WHOLE, "nombres muy comunes"),
        (_swapped_fathers(left, right), WHOLE, CONTRADICTED, "padre e hijo invertidos"),
        (_without_surname(left, right, pairs), NO_SURNAME, WHOLE, "ningún apellido coincide"),
    )
    for true, factor, ceiling, _ in doubts:
        score = min(score * factor // WHOLE, ceiling) if true else score
    return score, tuple(remark for true, _, _, remark in doubts if true)


def _without_surname(left: Name, right: Name, pairs: Sequence[Pair]) -> bool:
    """It is known which are the surnames of both, and none of one is one of the other."""
    if not left.surnames or not right.surnames:
        return False
    ours = {left.tokens[place].text for place in left.surnames}
    theirs = {right.tokens[place].text for place in right.surnames}
    return not any(ours & set(pair.left.split()) and theirs & set(pair.right.split()) for pair in pairs)


def _swapped_fathers(left: Name, right: Name) -> bool:
    """SALMAN BIN MUHAMMAD is the father of MUHAMMAD BIN SALMAN."""
    if left.father is None or right.father is None or not left.father or not right.father:
        return False
    one, other = left.tokens, right.tokens
    return (
        one[0].bones == other[right.father].bones
        and other[0].bones == one[left.father].bones
        and one[0].bones != other[0].bones
    )


def _texts(words: Sequence[Token]) -> tuple[str, ...]:
    return tuple(word.text for word in words)
