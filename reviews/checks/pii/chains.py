"""Digits as people group them: "0812-3456-7890" is one chain of three groups.

A detector asks for whole groups. So a year before a NIK, or a number of tickets behind a phone
number, is never taken for a part of it, and no text makes the search go back and forth.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# What may stand between two groups: blanks, line ends, dots, brackets, slashes, hyphens.
GAP = r"[ \t\r\n./()_-]{1,3}"
# No kind of personal data has fewer digits, where neither a letter nor a word says more.
SHORTEST = 9
MOST_GROUPS = 8

_CHAIN = re.compile(rf"[0-9]+(?:{GAP}[0-9]+)*")
_GROUP = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Chain:
    """`digits` are those of all groups.

    Group i is digits[offsets[i]:offsets[i + 1]], and text[starts[i]:ends[i]].
    """

    digits: str
    offsets: list[int]
    starts: list[int]
    ends: list[int]

    def windows(self, length: int) -> Iterator[tuple[str, int, int]]:
        """Yield (digits, start, end) of each run of whole groups with `length` digits in all.

        At most MOST_GROUPS of them: nobody writes a number digit by digit, and a table of such
        digits would cost as many looks as it has characters.
        """
        if len(self.digits) < length:
            return
        places = {offset: place for place, offset in enumerate(self.offsets)}
        for first, (offset, start) in enumerate(zip(self.offsets, self.starts, strict=False)):
            behind = places.get(offset + length)
            if behind is not None and behind - first <= MOST_GROUPS:
                yield self.digits[offset : offset + length], start, self.ends[behind - 1]

    def size(self, group: int) -> int:
        """Return the number of digits in a group."""
        return self.offsets[group + 1] - self.offsets[group]

    def last_group(self, text: str, first: int, shortest: int, longest: int) -> int | None:
        """Return the last group of a number that starts with group `first`, None if none fits.

        A number that has its `shortest` length goes on only with a group that looks like those
        before it: behind the same kind of gap and, where that is blank, not shorter than they are.
        """
        offset, found = self.offsets[first], None
        gaps, least = {""}, 3
        for group in range(first, len(self.starts)):
            total = self.offsets[group + 1] - offset
            if total > longest:
                break
            gap = text[self.ends[group - 1] : self.starts[group]] if group > first else ""
            if found is not None and gap not in gaps:
                break
            if found is not None and gap.isspace() and self.size(group) < least:
                break
            if group > first:
                gaps.add(gap)
                least = min(least, self.size(group))
            if total >= shortest:
                found = group
        return found


def chains(text: str) -> Iterator[Chain]:
    """Yield the chains of `text` that have at least SHORTEST digits."""
    for match in _CHAIN.finditer(text):
        if match.end() - match.start() < SHORTEST:
            continue
        groups = [group.span() for group in _GROUP.finditer(text, *match.span())]
        offsets = [0]
        for start, end in groups:
            offsets.append(offsets[-1] + end - start)
        if offsets[-1] >= SHORTEST:
            digits = "".join([text[start:end] for start, end in groups])
            yield Chain(digits, offsets, [g[0] for g in groups], [g[1] for g in groups])
