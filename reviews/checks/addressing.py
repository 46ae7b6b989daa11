"""How an Indonesian text addresses its reader and names its writer, and whether it keeps to it.

"Anda", "kamu" and "lo" are one level each, and one answer keeps to one. "Bapak/Ibu" goes with
"Anda" and with names; with "kamu" or "lo" it does not. "Saya" and "aku" both stand beside any of
them, "gue" only beside "lo" and "kamu".
"""

from reviews.checks import language, words
from reviews.checks.remarks import Remark
from reviews.checks.words import Word

_LEVELS = {
    "anda": "anda andalah",
    "bapak/ibu": "bapak ibu bpk pak bu saudara",
    "kamu": "kamu kamulah kau engkau dikau",
    "lo": "lo lu elo elu loe",
    "saya": "saya",
    "aku": "aku",
    "gue": "gue gua gw gwe",
}
_LEVEL = {word: level for level, listed in _LEVELS.items() for word in listed.split()}
_CLASHES = (
    ("anda", "kamu"),
    ("anda", "lo"),
    ("bapak/ibu", "kamu"),
    ("bapak/ibu", "lo"),
    ("kamu", "lo"),
    ("saya", "gue"),
    ("saya", "aku"),
    ("aku", "gue"),
)
# Not what a formal or business answer calls its reader, or its writer.
_INFORMAL = ("kamu", "lo", "aku", "gue")
# Behind these, "ibu" and "bapak" are mothers and fathers, capitals and founders.
_NOUNS = frozenset("seorang para kaum sang nama ayah dan atau kandung rumah sebagai dari".split())
_KIN = frozenset(
    "kota kandung rumah tiri negara pertiwi mertua dari saya kami hamil bangsa".split()
)
_SHOWN = 10


def mixing(text: str) -> list[Remark]:
    """Remark on each word of address that clashes with the one that the text uses most.

    `values`: "word" as written and "main", the level that it clashes with.
    """
    found = _found(text)
    if not found or language.of(text) not in (language.ID, language.UNKNOWN):
        return []
    counts: dict[str, int] = {}
    for level, _ in found:
        counts[level] = counts.get(level, 0) + 1
    remarks = []
    for level, word in found:
        main = _clashing(level, counts)
        if main is not None:
            values = {"word": word.text, "main": main}
            remarks.append(Remark("address_mixed", word.start, word.end, values))
    return remarks[:_SHOWN]


def mismatch(text: str, wanted: str) -> list[Remark]:
    """Remark on "kamu", "lo", "aku" and "gue" where a "formal" or "business" tone is wanted."""
    if wanted not in ("formal", "business"):
        return []
    if language.of(text) not in (language.ID, language.UNKNOWN):
        return []
    informal = [word for level, word in _found(text) if level in _INFORMAL]
    return [
        Remark("address_informal", word.start, word.end, {"word": word.text, "wanted": wanted})
        for word in informal[:_SHOWN]
    ]


def _clashing(level: str, counts: dict[str, int]) -> str | None:
    """Return the most used level that `level` clashes with and that is used at least as often.

    Of two that are used alike, the first of the table stays.
    """
    order = list(_LEVELS)
    others = [a if b == level else b for a, b in _CLASHES if level in (a, b)]
    more = [
        (counts[other], -order.index(other), other)
        for other in others
        if other in counts
        and (counts[other], -order.index(other)) > (counts[level], -order.index(level))
    ]
    return max(more)[2] if more else None


def _found(text: str) -> list[tuple[str, Word]]:
    read = words.read(text)
    found = []
    for at, word in enumerate(read):
        level = _LEVEL.get(word.low)
        before = read[at - 1].low if at else ""
        behind = read[at + 1].low if at + 1 < len(read) else ""
        if level and not _is_other(level, word, before, behind):
            found.append((level, word))
    return found


def _is_other(level: str, word: Word, before: str, behind: str) -> bool:
    if level == "bapak/ibu":
        is_noun = before in _NOUNS or behind in _KIN
        # "ibu" in small letters is a mother unless a name or "Bapak" stands beside it.
        return is_noun or word.low == "saudara" or not word.text[0].isupper()
    # "LO" and "GW" are abbreviations, "Lu" and "Gua" names or a cave.
    if level in ("lo", "gue") and word.low != "gue" and word.text[0].isupper():
        return word.text.isupper() or not word.opens
    # Someone else speaks: "aku mengaku" is fine, but "Aku" in a title is not the writer.
    return level == "aku" and word.text[0].isupper() and not word.opens
