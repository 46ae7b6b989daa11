"""How much personal data is found, and how often clean text is taken for it: docs/personal-data.md.

    .venv/bin/python -m benchmarks.pii_measure

prints the tables of that page: recall and precision on our vectors, on the public ones in
../shared/data where that is there, and false alarms in its clean text. The tests assert on the
same figures. The last table, microseconds for one clean text, is of the machine it ran on.
"""

from __future__ import annotations

import ast
import csv
import json
import random
import re
import timeit
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

from reviews.checks import pii
from reviews.checks.pii import prefilter
from tests.reviews.checks import pii_vectors

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

# Clean text. The pages of seeds/ name an office's mailbox now and then; each hit was read by eye.
CLEAN = {
    "id_qa": ["id_qa/*"],
    "register": ["register/*"],
    "seeds": ["seeds/*.*", "seeds/md/*"],
    "nergrit": ["pii/nergrit_valid.conll"],
    "agent logs": ["agent_logs/*.json", "agent_logs/*.jsonl"],
}
PRESIDIO = {"EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "TELEPON", "IBAN_CODE": "REKENING"}

_Marked = tuple[str, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Score:
    """Of a kind's `positives`: how many were found whole; and how many findings were none."""

    kind: str
    source: str
    positives: int
    found: int
    false: int
    missed: tuple[str, ...]

    @property
    def recall(self) -> float:
        return self.found / self.positives

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.false) if self.found else 0.0


@dataclass(frozen=True, slots=True)
class Alarms:
    """What was found in the sentences of clean text: (kind, what was found), and in how many."""

    source: str
    sentences: int
    alarmed: int
    hits: tuple[tuple[str, str], ...]

    @property
    def share(self) -> float:
        return self.alarmed / self.sentences


def score(kind: str, source: str, marked: Iterable[_Marked]) -> Score:
    """Find in each text. A NIK may be an NPWP as well, so the two count as one another's."""
    positives = found = false = 0
    missed = []
    kinds = {"NIK", "NPWP"} if kind in {"NIK", "NPWP"} else {kind}
    for text, places in marked:
        given = {(span.start, span.end) for span in pii.find(text) if span.kind in kinds}
        missed += [text[slice(*place)] for place in places if place not in given]
        positives += len(places)
        found += len(given.intersection(places))
        false += len(given.difference(places))
    return Score(kind, source, positives, found, false, tuple(missed))


def own_scores() -> list[Score]:
    """The vectors of tests/reviews/checks/pii_vectors.py: a kind's true ones and all false ones."""
    return [
        score(
            kind,
            "own vectors",
            [
                *pii_vectors.positives(kind),
                *((t, []) for name in pii_vectors.NEGATIVE for t in pii_vectors.negatives(name)),
            ],
        )
        for kind in pii_vectors.POSITIVE
    ]


def public_scores(data: Path) -> list[Score]:
    """The vectors that others wrote, a word of context before them where the kind needs one."""
    vectors = _rows(data / "pii" / "id_phone_passport_npwp_vectors.csv")

    def valid(kind: str, word: str = "") -> list[_Marked]:
        values = [r["value"] for r in vectors if (r["kind"], r["expected"]) == (kind, "valid")]
        return [_placed(word, value) for value in values]

    niks = _rows(data / "pii" / "nik_vectors.csv")
    clean = [(r["nik"], []) for r in niks if r["expected"] == "invalid"]
    true_niks = [_placed("", r["nik"]) for r in niks if r["expected"] == "valid"]
    npwps = [_placed("NPWP ", text.removeprefix("ID")) for text, _places in valid("npwp_15")]
    return [
        score("NIK", "indonesian-ktp", [*true_niks, *clean]),
        score("NIK", "each of the districts", _niks_of_districts(data)),
        score("NPWP", "validator.js", npwps),
        score("TELEPON", "validator.js", valid("mobile_phone")),
        score("PASPOR", "validator.js", valid("passport_id", "paspor ")),
        *(score(kind, "presidio", _presidio(data, label)) for label, kind in PRESIDIO.items()),
    ]


def _placed(word: str, value: str) -> _Marked:
    return word + value, [(len(word), len(word) + len(value))]


def _niks_of_districts(data: Path) -> Iterator[_Marked]:
    """A NIK of a woman born on 17 August 1990 in each district that there is."""
    for row in _rows(data / "pii" / "wilayah_kode_kecamatan.csv"):
        if row["kode"].count(".") == 2:
            yield _placed("", row["kode"].replace(".", "") + "5708900001")


def _presidio(data: Path, label: str) -> Iterator[_Marked]:
    for row in json.loads((data / "pii" / "presidio_synth_v2_a.json").read_text(encoding="utf-8")):
        places = [
            (span["start_position"], span["end_position"])
            for span in row["spans"]
            if span["entity_type"] == label
        ]
        yield row["full_text"], places


def alarms(data: Path) -> list[Alarms]:
    """What is found in clean text, by source."""
    return [_alarms(source, _paths(data, patterns)) for source, patterns in CLEAN.items()]


def _paths(data: Path, patterns: list[str]) -> list[Path]:
    return sorted(p for pattern in patterns for p in data.glob(pattern) if p.is_file())


def _alarms(source: str, paths: list[Path]) -> Alarms:
    sentences = [s for path in paths for text in texts(path) for s in _sentences(text)]
    found = [(sentence, spans) for sentence in sentences if (spans := pii.find(sentence))]
    hits = [(span.kind, text[span.start : span.end]) for text, spans in found for span in spans]
    return Alarms(source, len(sentences), len(found), tuple(hits))


def _sentences(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.!?])\s+|\n", text) if s.strip()]


def texts(path: Path) -> Iterator[str]:
    """Yield every text of a data file: cells, JSON strings, sentences of tokens, or lines."""
    raw = path.read_text(encoding="utf-8")
    if path.suffix in {".csv", ".tsv"}:
        delimiter = "\t" if path.suffix == ".tsv" else ","
        for row in csv.DictReader(raw.splitlines(), delimiter=delimiter):
            yield from (_detokenised(cell) for cell in row.values() if isinstance(cell, str))
    elif path.suffix in {".json", ".jsonl"}:
        for document in raw.splitlines() if path.suffix == ".jsonl" else [raw]:
            yield from _strings(json.loads(document))
    elif path.suffix == ".conll":
        for block in raw.split("\n\n"):
            yield " ".join(line.split("\t")[0] for line in block.splitlines())
    else:
        yield raw


def _detokenised(cell: str) -> str:
    return " ".join(ast.literal_eval(cell)) if cell.startswith("['") else cell


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


_PROSE = "Modal minimal PT PMA adalah sepuluh miliar rupiah dan diurus di OSS. "
_RECORD = '{"id":"0193a4f0-7b1c-7e52-9a3e-2c5d8f1b6a70","ts":TIME,"text":"TEXT"}'
_ISO_TIME = '"2026-11-21T10:00:00.123456+07:00"'


def _record(time: str, text: str) -> str:
    return _RECORD.replace("TIME", time).replace("TEXT", text)


CLEAN_TEXTS = {
    "prose without a digit": _PROSE * 7,
    "prose with laws and KBLI": (_PROSE + "UU No. 6 Tahun 2011, PP 34/2021, KBLI 55130. ") * 4,
    "prose with en dashes": (_PROSE + "5–10 hari kerja. ") * 6,
    "JSON, UUID, ISO time": _record(_ISO_TIME, _PROSE * 6),
    "JSON, UUID, epoch time": _record("1732156800000", _PROSE * 6),
    "JSON, UUID, ISO time, longer": _record(_ISO_TIME, _PROSE * 13),
}


def speeds() -> dict[str, tuple[int, float]]:
    """Return each clean text's length and the microseconds that redacting it takes, at best."""
    result = {}
    for name, text in CLEAN_TEXTS.items():
        best = min(timeit.repeat(lambda text=text: pii.redact(text), number=50, repeat=400))
        result[name] = (len(text), best / 50 * 1e6)
    return result


def rate(records: int = 3000) -> tuple[int, float]:
    """Return how many clean records of four texts one core redacts in a second, at best, and the
    share of their texts that the prefilter lets through."""
    chance = random.Random(1)
    batch = [_four_texts(number, chance) for number in range(records)]
    best = min(timeit.repeat(lambda: _redact_all(batch), number=1, repeat=5, timer=process_time))
    passed = sum(prefilter.may_hold(text) for texts in batch for text in texts)
    return round(records / best), passed / (4 * records)


def _four_texts(number: int, chance: random.Random) -> list[str]:
    ids = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(2)]
    return [
        f"Pertanyaan {number} tentang visa",
        json.dumps({"id": ids[0], "ts": "2026-11-21T10:00:00Z", "q": _PROSE * 3}),
        json.dumps({"request": ids[1], "latency": chance.random(), "a": _PROSE * 5}),
        json.dumps({"passed": 3, "failed": 0}),
    ]


def _redact_all(batch: list[list[str]]) -> None:
    for record in batch:
        for text in record:
            pii.redact(text)


def main() -> None:
    """Print the tables."""
    scores = own_scores() + (public_scores(SHARED) if SHARED.is_dir() else [])
    print("| kind | source | positives | recall | precision | missed |\n|---|---|---|---|---|---|")
    for s in scores:
        missed = ", ".join(f"`{m}`" for m in s.missed[:3]) + (" …" if len(s.missed) > 3 else "")
        row = f"{s.positives:,} | {s.recall:.3f} | {s.precision:.3f} | {missed}"
        print(f"| {s.kind} | {s.source} | {row} |")
    print("\n| source | sentences | with a finding | per 1,000 | what |\n|---|---|---|---|---|")
    for a in alarms(SHARED) if SHARED.is_dir() else []:
        counted = Counter(f"{kind} {found}" for kind, found in a.hits)
        found = ", ".join(f"{number} × {hit}" for hit, number in counted.items())
        print(f"| {a.source} | {a.sentences:,} | {a.alarmed} | {a.share * 1000:.2f} | {found} |")
    print("\n| clean text | characters | µs |\n|---|---|---|")
    for name, (length, microseconds) in speeds().items():
        print(f"| {name} | {length} | {microseconds:.1f} |")
    records, passed = rate()
    print(f"\n{records:,} records a second; {passed:.1%} of their texts came to the patterns")


if __name__ == "__main__":
    main()
