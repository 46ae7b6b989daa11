"""How well near-duplicates are found: the tables of docs/checks.md.

    .venv/bin/python -m benchmarks.duplicates_measure

Positives are public question/answer pairs changed by rule, ten ways; negatives are the pairs of
one source against each other. Both in ../shared/data; seeds are fixed, so the figures are too.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from time import process_time

from reviews.checks import duplicates
from reviews.checks.duplicates import Text

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
THRESHOLDS = (0.75, 0.80, 0.85, 0.90, 0.95)

_SWAPS = {
    "anda": "Bapak/Ibu", "saya": "kami", "bisa": "dapat", "tidak": "nggak", "harus": "wajib",
    "untuk": "buat", "hanya": "cuma", "jika": "kalau", "biaya": "ongkos", "sudah": "telah",
    "akan": "bakal", "perlu": "harus", "apakah": "apa", "karena": "sebab", "dengan": "dgn",
    "yang": "yg",
}  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def sources(shared: Path) -> dict[str, list[Text]]:
    """Return the pairs of each source, each pair once."""
    seeds = (shared / "seeds" / "zantara_id_qa_alpaca.jsonl").read_text().splitlines()
    read = {
        "seeds": [(row["instruction"], row["output"]) for row in map(json.loads, seeds)],
        "glossary": list(_instructions(shared / "id_qa" / "nusantaralaw_glosarium_ma.json")),
        "law": list(_instructions(shared / "id_qa" / "nusantaralaw_uu_pdp.json")),
        "wiki": list(_wiki(shared / "id_qa" / "idk_mrc_valid.json")),
    }
    return {
        name: [duplicates.text_of([], *pair) for pair in dict.fromkeys(pairs)]
        for name, pairs in read.items()
    }


def _instructions(path: Path) -> Iterator[tuple[str, str]]:
    for row in json.loads(path.read_text()):
        yield row["instruction"], row["response"]


def _wiki(path: Path) -> Iterator[tuple[str, str]]:
    """Several questions on one passage: the same answer to different questions."""
    for passage in json.loads(path.read_text()):
        for asked in passage["qas"]:
            yield asked["question"], passage["context"]


def _typo(text: str, chance: random.Random) -> str:
    """One slip of a finger for every 40 characters, one at least."""
    for _ in range(1 + len(text) // 40):
        at = chance.randrange(max(1, len(text) - 1))
        slip = chance.randrange(4)
        if any(map(str.isdigit, text[at : at + 2])):
            continue
        middle = ("", text[at + 1 : at + 2] + text[at], text[at] * 2, chance.choice(_LETTERS))[slip]
        text = text[:at] + middle + text[at + (2 if slip == 1 else 1) :]
    return text


def _swap(text: str, chance: random.Random) -> str:
    """One word of the text for its synonym or short form, where it has one."""
    found = [m for m in re.finditer(r"\w+", text) if m[0].lower() in _SWAPS]
    if not found:
        return text
    match = chance.choice(found)
    return text[: match.start()] + _SWAPS[match[0].lower()] + text[match.end() :]


def _sentences(text: str, chance: random.Random) -> str:
    parts = _SENTENCE.split(text)
    return " ".join(parts[1:] + parts[:1])


def _drop(text: str, chance: random.Random) -> str:
    words = text.split()
    if len(words) > 4:
        del words[chance.randrange(len(words))]
    return " ".join(words)


def _same(text: str, chance: random.Random) -> str:
    return text


def _loud(text: str, chance: random.Random) -> str:
    return text.upper().rstrip("?")


def _bare(text: str, chance: random.Random) -> str:
    return text.replace(",", "").replace(" ", "  ")


def _markdown(text: str, chance: random.Random) -> str:
    return "\n".join(f"- **{line}**" for line in _SENTENCE.split(text))


def _greeting(text: str, chance: random.Random) -> str:
    return f"Baik, Kak. {text}"


def _particle(text: str, chance: random.Random) -> str:
    return text.rstrip(" ?") + " ya?"


_Change = Callable[[str, random.Random], str]
# What is done to the question, and to the answer.
CHANGES: dict[str, tuple[_Change, _Change]] = {
    "case, punctuation, spacing": (_loud, _bare),
    "markdown in the answer": (_same, _markdown),
    "typing errors in the answer": (_same, _typo),
    "typing errors in both": (_typo, _typo),
    "a word for its synonym, answer": (_same, _swap),
    "a word for its synonym, both": (_swap, _swap),
    "a word left out of each": (_drop, _drop),
    "sentences in another order": (_same, _sentences),
    "a greeting before the answer": (_same, _greeting),
    "a particle after the question": (_particle, _same),
}


def recall(pairs: list[Text]) -> dict[str, tuple[int, int, list[float]]]:
    """Return for each change: positives, those sharing a band, and their likenesses in order."""
    figures = {}
    for name, (ask, answer) in CHANGES.items():
        chance = random.Random(name)
        changed = [
            (pair, Text("", ask(pair.question, chance), answer(pair.answer, chance)))
            for pair in pairs
        ]
        found = [(one, other) for one, other in changed if _share(one, other)]
        figures[name] = (len(changed), len(found), sorted(duplicates.likeness(*f) for f in found))
    return figures


def _share(one: Text, other: Text) -> bool:
    return not set(duplicates.bands(one)).isdisjoint(duplicates.bands(other))


def candidates(pairs: list[Text]) -> list[tuple[float, Text, Text]]:
    """Return the different pairs of one source that share a band, most alike first."""
    index = defaultdict(list)
    for place, pair in enumerate(pairs):
        for band in duplicates.bands(pair):
            index[band].append(place)
    together = {couple for places in index.values() for couple in combinations(places, 2)}
    scored = [(duplicates.likeness(pairs[a], pairs[b]), pairs[a], pairs[b]) for a, b in together]
    return sorted(scored, key=lambda row: row[0], reverse=True)


def main() -> None:
    read = sources(SHARED)
    totals: Counter[str] = Counter()
    found: Counter[str] = Counter()
    scores: dict[str, list[float]] = defaultdict(list)
    for pairs in read.values():
        for name, (positives, shared, likenesses) in recall(pairs).items():
            totals[name] += positives
            found[name] += shared
            scores[name] += likenesses
    print("change | positives | share a band |", *(f"≥ {at:.2f}" for at in THRESHOLDS))
    for name, total in totals.items():
        kept = [sum(score >= at for score in scores[name]) / total for at in THRESHOLDS]
        print(name, "|", total, "|", f"{found[name] / total:.3f} |", *(f"{k:.3f}" for k in kept))
    print("\nsource | pairs | couples | share a band |", *(f"≥ {at:.2f}" for at in THRESHOLDS))
    for name, pairs in read.items():
        rows = candidates(pairs)
        kept = [sum(row[0] >= at for row in rows) for at in THRESHOLDS]
        print(name, "|", len(pairs), "|", len(pairs) * (len(pairs) - 1) // 2, "|", len(rows), *kept)
    longest = " ".join(pair.answer for pair in read["wiki"] + read["glossary"])[:50_000]
    other = longest[1000:] + longest[:1000]
    for name, call in {
        "bands": lambda: duplicates.bands(longest),
        "score": lambda: duplicates.score(longest, other),
        "bands of a seed": lambda: [duplicates.bands(pair) for pair in read["seeds"]],
    }.items():
        start = process_time()
        call()
        print(f"{name}: {(process_time() - start) * 1000:.1f} ms")


if __name__ == "__main__":
    main()
