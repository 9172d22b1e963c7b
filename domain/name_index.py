"""Finding, among all names of the lists, the few that are worth comparing with one.

A pair of names passes only if every word of one of them has its like in the other (domain/matching.py), so it is enough
to look at the names in which that many words are alike. Likes of a word are found by text, sound and bones, and by few
edits among words of about its length.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import OSA

from domain.matching import MIN_BONES, SERVANT, bound, likeness
from domain.name_tables import FAMILIAR
from domain.names import Name, Token

REMEMBERED = 200_000
# How many neighbouring words may be one word of a list (ABDUL RAHMAN, ABDULRAHMAN).
RUNS = (2, 3)
# Edits that leave two words alike enough, by the length of the sound (domain/matching.py: at least LEAST in common).
_EDITS = ((6, 1), (10, 2), (1000, 3))
# How frequent a word of the lists is (names per ten thousand), and what it still weighs.
_FREQUENCIES = ((100, 40), (30, 60), (10, 80))


class NameIndex:
    """Names by their words. `at` of a found place is the position in which the name was given."""

    def __init__(self, names: Sequence[Name], *, least: int) -> None:
        """Read every name once. Names that cannot reach the score `least` are no candidates."""
        self.names = names
        self._least = least
        self._words: dict[str, Token] = {}
        self._places: dict[str, list[int]] = defaultdict(list)
        self._joined: dict[str, list[int]] = defaultdict(list)
        self._whole: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._size = [self._add(place, name) for place, name in enumerate(names)]
        self._weights = self._weighed()
        self._ordered = [tuple(sorted(map(self.weight, name.tokens))) for name in names]
        self._sounds = _grouped(self._words.values(), lambda word: word.sound)
        self._bones = _grouped(self._words.values(), lambda word: word.bones)
        self._familiar = _grouped_rows(self._words.values())
        self._ends: dict[tuple[int, bool, str], list[str]] = defaultdict(list)
        for sound in self._sounds:
            self._ends[len(sound), True, sound[:1]].append(sound)
            self._ends[len(sound), False, sound[-1:]].append(sound)
        self._likes: dict[str, tuple[int, ...]] = {}

    def weight(self, word: Token) -> int:
        """Rare words tell more."""
        return min(word.weight, self._weights.get(word.text, 100))

    def candidates(self, name: Name) -> Iterator[int]:
        """Places of the names that may pass: those of the very same words first, whatever they weigh."""
        same = self._whole.get(_key(name), ())
        yield from same
        words = [word for word in dict.fromkeys(name.tokens) if not word.initial]
        if not words:
            return
        found, apart = self._counted(name, words)
        ours = tuple(sorted(map(self.weight, name.tokens)))
        most, size, known = len(words), self._size, set(same)
        # Thousands of names share a frequent word: nearly all of them fall at this first comparison.
        for place, times in found.items():
            if (times < most and times < size[place]) or place in known:
                continue
            if place in apart or self._reaches(ours, self._ordered[place]):
                yield place

    def _counted(self, name: Name, words: Sequence[Token]) -> tuple[Counter[int], set[int]]:
        """In how many words each name is alike, and the names that write together what this one writes apart."""
        found: Counter[int] = Counter()
        for word in words:
            found.update(self._alike(word))
        apart: set[int] = set()
        for word in words:
            apart.update(self._joined.get(word.text, ()))
        texts = [word.text for word in name.tokens]
        for size in RUNS:
            for start in range(len(texts) - size + 1):
                together = self._places.get("".join(texts[start : start + size]), ())
                apart.update(together)
                for place in together:
                    found[place] += size
        return found, apart

    def _reaches(self, ours: tuple[int, ...], theirs: tuple[int, ...]) -> bool:
        """Were every word of the shorter in the longer, would it be enough? What is over is at least the lightest."""
        shorter, longer = sorted((ours, theirs), key=len)
        over = sum(longer[: len(longer) - len(shorter)])
        return bound(min(sum(ours), sum(theirs)), over) >= self._least

    def _add(self, place: int, name: Name) -> int:
        self._whole[_key(name)].append(place)
        words = {word.text for word in name.tokens if not word.initial}
        for word in name.tokens:
            if not word.initial:
                self._words[word.text] = word
        for text in words:
            self._places[text].append(place)
        for one, other in pairwise(name.tokens):
            self._joined[one.text + other.text].append(place)
        return max(len(words), 1)

    def _weighed(self) -> dict[str, int]:
        total = max(len(self.names), 1)
        weights = {}
        for text, places in self._places.items():
            often = len(places) * 10_000 // total
            weights[text] = next((weight for least, weight in _FREQUENCIES if often >= least), 100)
        return weights

    def _alike(self, word: Token) -> tuple[int, ...]:
        """Places of the names that have this word or one like it, each once; remembered, since people share names."""
        known = self._likes.get(word.text)
        if known is None:
            places = set(self._joined.get(word.text, ()))
            for text in self._similar(word):
                places.update(self._places[text])
            known = tuple(places)
            if len(self._likes) >= REMEMBERED:
                self._likes.clear()
            self._likes[word.text] = known
        return known

    def _similar(self, word: Token) -> set[str]:
        texts = {word.text, SERVANT + word.text, word.text.removeprefix(SERVANT)} & self._words.keys()
        for row in FAMILIAR.get(word.text, ()):
            texts.update(self._familiar.get(row, ()))
        if len(word.bones) >= MIN_BONES:
            texts.update(self._bones.get(word.bones, ()))
        for sound in self._near(word.sound):
            texts.update(self._sounds[sound])
        return {text for text in texts if likeness(word, self._words[text])[0]}

    def _near(self, sound: str) -> set[str]:
        """Sounds a few edits away that begin or end as this one: who changes both ends wrote another word."""
        edits = next(edits for shorter_than, edits in _EDITS if len(sound) < shorter_than)
        near: set[str] = set()
        for length in range(len(sound) - edits, len(sound) + edits + 1):
            for first, letter in ((True, sound[:1]), (False, sound[-1:])):
                choices = self._ends.get((length, first, letter))
                if choices:
                    found = process.extract(
                        sound, choices, scorer=OSA.distance, processor=None, score_cutoff=edits, limit=None
                    )
                    near.update(one for one, _, _ in found)
        return near


def _key(name: Name) -> tuple[str, ...]:
    return tuple(sorted(word.text for word in name.tokens))


def _grouped(words: Iterable[Token], key: Callable[[Token], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for word in words:
        groups[key(word)].append(word.text)
    return groups


def _grouped_rows(words: Iterable[Token]) -> dict[int, list[str]]:
    rows: dict[int, list[str]] = defaultdict(list)
    for word in words:
        for row in FAMILIAR.get(word.text, ()):
            rows[row].append(word.text)
    return rows
