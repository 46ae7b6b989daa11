"""A question bank in Markdown: sections by heading, numbered items, numbering restarts.

## 10 Domande - IMMIGRAZIONE

1. **Berapa lama masa berlaku KITAS?**
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reviews.sources import Refusal

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
# '10 Domande - TAX': the count in front says nothing that counting does not.
_COUNT = re.compile(r"^\d+\s+\w+\s*[-–—:]\s*")
_ITEM = re.compile(r"^(\d+)[.)](?:\s+(.*))?$")
_BOLD = re.compile(r"^\*\*(.*?)\*\*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BankQuestion:
    line: int
    section: str
    number: int
    text: str


def _clean(text: str) -> str:
    text = " ".join(text.split())
    bold = _BOLD.match(text)
    return (bold.group(1) if bold else text).strip()


def _close(item: tuple[int, int, list[str]], section: str) -> BankQuestion | Refusal:
    line, number, words = item
    text = _clean(" ".join(words))
    if not text:
        return Refusal(line, f"item {number} is empty")
    if "\x00" in section + text:
        return Refusal(line, f"item {number} or its heading holds a NUL character")
    if not section:
        return Refusal(line, f"item {number} stands in no section: a heading '## …' is needed")
    return BankQuestion(line, section, number, text)


def parse(text: str) -> Iterator[BankQuestion | Refusal]:
    """The questions of the bank in file order. What is neither heading nor item is refused."""
    section = ""
    item: tuple[int, int, list[str]] | None = None
    for line, words in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        stripped = words.strip()
        heading, numbered = _HEADING.match(stripped), _ITEM.match(stripped)
        if item and (heading or numbered or not stripped):
            yield _close(item, section)
            item = None
        if heading:
            # The first-level heading is the file's title.
            section = "" if heading.group(1) == "#" else _COUNT.sub("", heading.group(2)).strip()
        elif numbered:
            item = (line, int(numbered.group(1)), [numbered.group(2) or ""])
        elif item:
            item[2].append(stripped)
        elif stripped:
            yield Refusal(line, "neither a heading nor a numbered question")
    if item:
        yield _close(item, section)
