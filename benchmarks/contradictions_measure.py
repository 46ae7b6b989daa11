"""How well contradictions are told: the tables of docs/checks.md.

    .venv/bin/python -m benchmarks.contradictions_measure

Our own cases, both ways round; and answers of the public sources in ../shared/data with one value
changed (each must be found, and at its place) or spelt in another way (nothing may be found).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from time import process_time

from benchmarks.duplicates_measure import SHARED, sources
from reviews.checks import contradictions, facts
from reviews.checks.duplicates import Text
from reviews.checks.facts import Fact
from tests.reviews.checks.contradiction_cases import AGREEING, CONTRADICTING, LATER, MISTAKEN

_NUMBER = re.compile(r"\d+")


def own() -> tuple[int, int, int]:
    """Return of our cases, both ways round: what is to be found, what is, and what is wrong."""
    expected, found = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for mine, theirs, told in CONTRADICTING + AGREEING + LATER + MISTAKEN:
        expected.update((mine, theirs, *values) for values in told)
        expected.update((theirs, mine, *values[::-1]) for values in told)
        found.update(_told(mine, theirs))
        found.update(_told(theirs, mine))
    return expected.total(), (expected & found).total(), (found - expected).total()


def _told(mine: str, theirs: str) -> Iterator[tuple[str, str, str, str]]:
    for told in contradictions.between(mine, theirs):
        yield (
            mine,
            theirs,
            mine[told.mine.start : told.mine.end],
            theirs[told.theirs.start : told.theirs.end],
        )


def changed(text: str) -> Iterator[tuple[Fact, str]]:
    """Yield each fact of the text that is in digits, and the text with its number changed."""
    for fact in facts.find(text):
        spelt = text[fact.start : fact.end]
        number = _NUMBER.search(spelt)
        if number is None or ".." in fact.value:
            continue
        step = 1 if fact.kind == "citation" else 2 * int(number[0])
        other = spelt[: number.start()] + str(int(number[0]) + step) + spelt[number.end() :]
        new = text[: fact.start] + other + text[fact.end :]
        # A value that the text states twice would still stand, one that it states anyway be right.
        stated = facts.values(text)
        is_alone = not _states_twice(fact, text)
        if is_alone and len(stated - facts.values(new)) == len(facts.values(new) - stated) == 1:
            yield fact, new


def _states_twice(fact: Fact, text: str) -> bool:
    """Whether a gloss follows or is this fact: "180 hari (6 bulan)"."""
    return text[fact.end : fact.end + 2] == " (" or text[fact.start - 1 : fact.start] == "("


def respelt(text: str) -> Iterator[tuple[Fact, str]]:
    """Yield each amount, duration and share that has another spelling, and the text with that."""
    for fact in facts.find(text):
        other = _other_spelling(fact)
        if other and other != text[fact.start : fact.end]:
            yield fact, text[: fact.start] + other + text[fact.end :]


def _other_spelling(fact: Fact) -> str | None:
    number, _, unit = fact.value.partition(" ")
    if fact.kind == "citation" or ".." in fact.value or "x" in fact.value:
        return None
    if fact.kind == "percentage":
        return f"{number.replace('.', ',')} persen"
    if fact.kind == "duration":
        factor, name = {"year": (12, "bulan"), "week": (7, "hari"), "month": (1, "bln")}.get(
            unit, (0, "")
        )
        return f"{Decimal(number) * factor:f} {name}".replace(".", ",") if factor else None
    rupiah = Decimal(unit)
    if number != "IDR" or rupiah % 100_000:
        return None
    return f"{(rupiah / 1_000_000).normalize():f} juta rupiah".replace(".", ",")


def public(pairs: dict[str, list[Text]]) -> dict[str, Counter[str]]:
    """Return for each kind how many values were changed and found, and respelt and wrongly told."""
    table: dict[str, Counter[str]] = {kind: Counter() for kind in contradictions.KINDS}
    for answer in dict.fromkeys(pair.answer for source in pairs.values() for pair in source):
        for fact, new in changed(answer):
            places = [told.mine.start for told in contradictions.between(answer, new)]
            table[fact.kind]["changed"] += 1
            table[fact.kind]["found"] += fact.start in places
            table[fact.kind]["elsewhere"] += places not in ([], [fact.start])
        for fact, new in respelt(answer):
            table[fact.kind]["respelt"] += 1
            table[fact.kind]["wrong"] += bool(contradictions.between(answer, new))
    return table


def main() -> None:
    to_find, found, wrong = own()
    print(f"own cases, both ways: {found} of {to_find} found, {wrong} wrong")
    pairs = sources(SHARED)
    print("\nkind | changed | found there | also elsewhere | respelt | wrongly told")
    for kind, row in public(pairs).items():
        columns = ("changed", "found", "elsewhere", "respelt", "wrong")
        print(kind, "|", " | ".join(str(row[column]) for column in columns))
    answers = [pair.answer for pair in pairs["seeds"]]
    start = process_time()
    for answer in answers:
        contradictions.between(answer, answers[0])
    print(f"\none couple of seeds: {(process_time() - start) / len(answers) * 1000:.2f} ms")


if __name__ == "__main__":
    main()
