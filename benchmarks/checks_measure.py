"""How often the text checks are right, on public labelled text: docs/checks.md.

    .venv/bin/python -m benchmarks.checks_measure

prints the tables of that page from ../shared/data. The tests assert on the same figures.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviews.checks import addressing, language, numerals, placeholders, register, structure
from reviews.checks.remarks import Remark

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

LANGUAGES = (
    *("indonesian", "english", "javanese", "balinese", "sundanese", "minangkabau", "banjarese"),
    *("acehnese", "madurese", "buginese", "ngaju", "toba_batak"),
)
_CHECKS: dict[str, Callable[[str], list[Remark]]] = {
    "register": lambda text: register.mismatch("", text, register.FORMAL),
    "address": addressing.mixing,
    "structure": structure.remarks,
    "language": lambda text: language.mismatch(text, language.ID),
    "placeholders": placeholders.remarks,
    "numerals": numerals.remarks,
}
_END = re.compile(r"[\s.?!…,;:]+\Z")
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Score:
    """Of `positives` and `negatives`, how many of each were taken for positive."""

    name: str
    positives: int
    negatives: int
    found: int
    false: int

    @property
    def recall(self) -> float:
        return self.found / self.positives

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.false) if self.found else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.found / (2 * self.found + self.false + self.positives - self.found)


@dataclass(frozen=True, slots=True)
class Alarms:
    """How many remarks of each check a source of clean text got, by its sentences."""

    source: str
    texts: int
    sentences: int
    remarks: dict[str, int]


def unpunctuated(line: str) -> str:
    """Without the marks at its end, which the formal half of the data keeps far more often."""
    return _END.sub("", line)


def register_score(shared: Path, part: str) -> Score:
    """Casual against not, one line each, on stif_<part>.tsv."""
    rows = (shared / "register" / f"stif_{part}.tsv").read_text().splitlines()[1:]
    pairs = [row.split("\t") for row in rows]
    casual, formal = (sum(map(_is_casual, column)) for column in zip(*pairs, strict=True))
    return Score(f"stif_{part}", len(pairs), len(pairs), casual, formal)


def _is_casual(line: str) -> bool:
    return register.of(unpunctuated(line)).tone == register.CASUAL


def languages(shared: Path) -> dict[str, Counter[str]]:
    """What each column of nusax_mt_valid.csv is taken for: {"javanese": {"other": 86, …}, …}."""
    rows = _rows(shared / "register" / "nusax_mt_valid.csv")
    return {name: Counter(language.of(row[name]) for row in rows) for name in LANGUAGES}


def indonesian_score(found: dict[str, Counter[str]], others: Iterable[str]) -> Score:
    """Is it Indonesian? `others` are the columns that are not."""
    mine = found["indonesian"]
    negatives = sum(found[name].total() for name in others)
    false = sum(found[name][language.ID] for name in others)
    return Score("indonesian", mine.total(), negatives, mine[language.ID], false)


def placeholder_score(shared: Path) -> Score:
    """Answers of identity_placeholders.json: with and without a blank in braces."""
    rows = json.loads((shared / "chat_formats" / "identity_placeholders.json").read_text())
    texts = [row["output"] for row in rows]
    blank = [text for text in texts if "{{" in text]
    whole = [text for text in texts if "{{" not in text]
    found, false = (sum(bool(placeholders.remarks(t)) for t in part) for part in (blank, whole))
    return Score("identity_placeholders", len(blank), len(whole), found, false)


def clean(shared: Path) -> dict[str, list[str]]:
    """Text that people wrote in Indonesian, by source; alpaca is English."""
    facqa = _rows(shared / "id_qa" / "facqa_valid.csv")
    contexts = json.loads((shared / "id_qa" / "idk_mrc_valid.json").read_text())
    law = json.loads((shared / "id_qa" / "nusantaralaw_uu_pdp.json").read_text())
    terms = json.loads((shared / "id_qa" / "nusantaralaw_glosarium_ma.json").read_text())
    seeds = (shared / "seeds" / "zantara_id_qa_alpaca.jsonl").read_text().splitlines()
    alpaca = json.loads((shared / "chat_formats" / "alpaca_en_demo_300.json").read_text())
    return {
        "facqa": [_joined(row["passage"]) for row in facqa],
        "idk_mrc": sorted(set(_under(contexts, "context"))),
        "law": [row["response"] for row in law + terms],
        "nusax_mt": [r["indonesian"] for r in _rows(shared / "register" / "nusax_mt_valid.csv")],
        "sentiment": [
            r["text"] for r in _rows(shared / "register" / "nusax_sentiment_id_train.csv")
        ],
        "seeds": [json.loads(line)["output"] for line in seeds],
        "alpaca": [row["output"] for row in alpaca],
    }


def alarms(shared: Path) -> list[Alarms]:
    return [_alarms(source, texts) for source, texts in clean(shared).items()]


def _alarms(source: str, texts: list[str]) -> Alarms:
    sentences = sum(len([s for s in _SENTENCES.split(text) if s.strip()]) for text in texts)
    counts = {name: sum(len(check(text)) for text in texts) for name, check in _CHECKS.items()}
    return Alarms(source, len(texts), sentences, counts)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _joined(cell: str) -> str:
    """Tokens as a sentence: a list literal of words and marks."""
    return re.sub(r"\s+([,.?!)])", r"\1", " ".join(ast.literal_eval(cell)))


def _under(node: Any, key: str) -> Iterable[str]:
    """Yield each text that stands under `key`, however deep."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from [value] if name == key and isinstance(value, str) else _under(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _under(value, key)


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    names = list(head)
    print(f"\n| {' | '.join(names)} |\n|{'---|' * len(names)}")
    for row in rows:
        print(f"| {' | '.join(f'{c:.3f}' if isinstance(c, float) else str(c) for c in row)} |")


def print_tables(shared: Path) -> None:
    scores = [register_score(shared, part) for part in ("train", "dev")]
    found = languages(shared)
    near = [name for name in LANGUAGES if name != "indonesian"]
    scores.append(indonesian_score(found, ("english", "javanese", "balinese")))
    scores.append(indonesian_score(found, near))
    scores.append(placeholder_score(shared))
    _table(
        ("what", "positives", "negatives", "precision", "recall", "F1"),
        [(s.name, s.positives, s.negatives, s.precision, s.recall, s.f1) for s in scores],
    )
    answers = (language.ID, language.EN, language.IT, language.OTHER, language.UNKNOWN)
    _table(
        ("language", *(answer or "says nothing" for answer in answers)),
        [(name, *(counts[answer] for answer in answers)) for name, counts in found.items()],
    )
    _table(
        ("clean text", "texts", "sentences", *(f"{name}, per 1,000" for name in _CHECKS)),
        [
            (a.source, a.texts, a.sentences, *(_per_thousand(n, a) for n in a.remarks.values()))
            for a in alarms(shared)
        ],
    )


def _per_thousand(count: int, measured: Alarms) -> str:
    return f"{count} ({1000 * count / measured.sentences:.1f})"


if __name__ == "__main__":
    print_tables(SHARED)
