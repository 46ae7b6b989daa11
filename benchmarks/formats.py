"""Formats: rows a second written and read, and how memory grows from 20,000 rows to 200,000.

Run as `python -m benchmarks.formats`; no server is needed. Beside each figure stands the bare floor
on the very same lines: orjson, the csv module for the table.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from benchmarks import common
from reviews.formats import NAMES, PREFERENCES, Example, by_name, files

SIZES = (20_000, 200_000)
_TIMES = 5
_EARLIER = (("user", "Halo, saya mau bertanya."), ("assistant", "Silakan, ada yang dibantu?"))


def _examples(name: str, rows: int) -> Iterator[Example]:
    """Texts of about 70 and 300 characters with all that the format can hold of a pair; every tenth
    after earlier turns."""
    holds = by_name(name).HOLDS
    system = "Jawab dengan tepat dan jujur dalam bahasa penanya." if "system" in holds else ""
    for row in range(rows):
        yield Example(
            f"Berapa lama dan berapa biaya izin nomor {row} di kantor imigrasi Jakarta?",
            "Izin itu berlaku dua tahun & biayanya dibayar lewat bank. " * 5 + str(row),
            system,
            _EARLIER if "history" in holds and row % 10 == 0 else (),
            "Tidak tahu." if name in PREFERENCES else "",
        )


def _rate(work: Callable[[Any], Any], items: list[Any]) -> float:
    """Items a second, the best of some times."""
    best = float("inf")
    for _time in range(_TIMES):
        began = time.perf_counter()
        for item in items:
            work(item)
        best = min(best, time.perf_counter() - began)
    return len(items) / best


def _bare(name: str, lines: list[bytes]) -> tuple[float, float]:
    """Rows a second that the bare floor writes and reads."""
    if name != "csv":
        values = [orjson.loads(line) for line in lines]
        writing = _rate(lambda value: orjson.dumps(value) + b"\n", values)
        return writing, _rate(orjson.loads, lines)
    texts = [line.decode() for line in lines]
    rows = list(csv.reader(texts))
    writer = csv.writer(io.StringIO(), quoting=csv.QUOTE_ALL)
    return _rate(writer.writerow, rows), _rate(lambda text: next(csv.reader([text])), texts)


def _row(name: str) -> list[str]:
    codec = by_name(name)
    examples = list(_examples(name, SIZES[0]))
    lines = [codec.dumps(example) for example in examples]
    writing, reading = _rate(codec.dumps, examples), _rate(codec.loads, lines)
    bare_writing, bare_reading = _bare(name, lines)
    small, large = (_peak(name, size) for size in SIZES)
    return [
        name,
        f"{writing:,.0f}",
        f"{writing / bare_writing:.2f}",
        f"{reading:,.0f}",
        f"{reading / bare_reading:.2f}",
        f"{large - small:+.1f}",
    ]


def _peak(name: str, size: int) -> float:
    """The peak in MiB of a process of its own that writes so many rows."""
    command = [sys.executable, "-m", "benchmarks.formats", name, str(size)]
    done = subprocess.run(command, cwd=common.ROOT, stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


def _measure(name: str, size: int) -> None:
    with Path(os.devnull).open("wb") as file:
        file.writelines(files.lines(name, _examples(name, size)))
    print(common.peak())


def main() -> None:
    heads = ["written/s", "of bare", "read/s", "of bare", "peak, MiB more"]
    common.table([["format", *heads], *map(_row, NAMES)])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _measure(sys.argv[1], int(sys.argv[2]))
    else:
        main()
