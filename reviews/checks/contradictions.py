"""Where two answers to one question contradict each other: other amounts, durations, shares, laws.

A value contradicts one of the other answer only where it stands in its place: the other does not
state it, and states another of the same kind of the same thing ("modal", "biaya"). What only one
of them speaks of contradicts nothing, nor do facts that one adds to all of the other's.

Here alone units are converted: a deadline of "12 bulan" is not one of "1 tahun" in a law, which is
why `facts` keeps them apart, but a reviewer who is told that these two contradict each other stops
reading such remarks. Currencies are never converted: the rate is not known.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from reviews.checks import facts, slang, values
from reviews.checks.facts import Fact


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two facts of one kind, each with its place in its own text, that cannot both be right."""

    kind: str
    mine: Fact
    theirs: Fact


@dataclass(frozen=True, slots=True)
class _Claim:
    """A fact and what it is about.

    `aspect` is what it measures ("fee"), `subjects` whose ("kitas"), `codes` whose exactly ("c1"),
    `words` what else stands around it, `sentence` what stands before it up to there.
    """

    fact: Fact
    aspect: str | None
    subjects: frozenset[str]
    codes: frozenset[str]
    words: frozenset[str]
    sentence: frozenset[str]


KINDS = ("amount", "duration", "percentage", "citation")

# What a value measures, by the words before it; the first aspect that is named counts, so that
# "proses perpanjangan izin tinggal" is about the process.
_ASPECTS = {
    "amount": {
        "fine": r"denda|sanksi|overstay|fines?|penalt\w+",
        "pay": r"gaji|upah|um[rkp]|honor\w*|salary|penghasilan",
        "deposit": r"jaminan|deposit\w*|saldo|tabungan|savings|simpanan",
        "turnover": r"omzet|omset|peredaran|turnover|revenue",
        "rent": r"sewa|rent",
        "fee": r"(?:biaya|tarif|harga|ongkos)\w*|(?:mem|di)?bayar\w*|pnbp|fees?|costs?|prices?",
        "capital": r"(?:per)?modal\w*|\w*investasi\w*|disetor\w*|capital|invest\w*",
    },
    "duration": {
        "prison": r"penjara|kurungan|pidana",
        "age": r"usia|umur|berusia|berumur",
        "experience": r"pengalaman|experience",
        "contract": r"kontrak|pkwt|percobaan|probation",
        "deadline": r"lambat|tenggat|tempo|sebelum|deadline|lapor\w*|melapor\w*",
        "process": r"\w*proses\w*|pengurusan|penyelesaian|selesai|diterbitkan|terbit|processing",
        "extension": r"\w*panjang\w*|exten\w+",
        "stay": r"tinggal|menetap|stay\w*",
        "valid": r"\w*berlaku\w*|valid\w*",
    },
    "percentage": {
        "ownership": r"saham\w*|\w*milik\w*|shares?|own\w*",
        "interest": r"bunga|interest",
        "discount": r"diskon|potongan|discount",
        "fine": r"denda|sanksi|penalt\w+",
        "tax": r"tarif\w*|pajak\w*|ppn|pph|vat|tax\w*|bphtb",
    },
}
# Of one list only one can be meant: a passport's validity says nothing of a visa's.
_SUBJECTS = {
    "paspor": r"paspor|passports?",
    "visa": r"visa|voa|e-?voa",
    "kitas": r"kitas|itas",
    "kitap": r"kitap|itap",
    "ppn": r"ppn|vat",
    "pph": r"pph",
    "bphtb": r"bphtb",
    "pbb": r"pbb",
    "pma": r"pma",
    "pmdn": r"pmdn",
    "cv": r"cv",
    "dewasa": r"dewasa|adults?",
    "anak": r"anak\w*|bayi|child\w*",
}
# Visa indices and numbered taxes: C1, E33G, "PPh 21".
_CODE = re.compile(r"\b[a-f]\d{1,2}[a-z]?\b|\bpph\s+(?:pasal\s+)?\d+", re.IGNORECASE)
# Beside `slang.COMMON`: words that stand beside values of anything.
_GENERIC = frozenset(
    """besar bulan hari hingga jika kurang maksimal maksimum minimal minimum rp saat sebesar sedikit
    sekitar selama senilai setiap tahun tetap waktu yaitu yakni kak pak bu""".split()
)
_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"[.!?;]\s|(?<!:)\n")
_PART_END = re.compile(
    r"[,()]|\b(?:dan|serta|sedangkan|sementara|tetapi|tapi|namun|lalu|kemudian|and|but)\b", re.I
)
_DENIED = re.compile(r"\b(?:bukan|not)(?:\s+lagi)?\s+\Z", re.I)
_ONE = re.compile(r"se(?:hari|minggu|pekan|bulan|tahun|jam)", re.I)
_PER = re.compile(r"\b(?:kali|upah|gaji|sewa|biaya|iuran|omzet|penghasilan)\s+\Z", re.I)
# Facts of a kind that are compared: no answer that people read holds more, and it takes the square.
_MOST = 300
# How far around a fact its words are looked for, in characters.
_BEFORE, _AFTER = 150, 50


def between(mine: str, theirs: str) -> list[Contradiction]:
    """Return what of `mine` contradicts `theirs`, in the order of mine."""
    my_claims, their_claims = list(_claims(mine)), list(_claims(theirs))
    found: list[Contradiction] = []
    for kind in KINDS:
        ours = [claim for claim in my_claims if claim.fact.kind == kind]
        others = [claim for claim in their_claims if claim.fact.kind == kind]
        couples = _couples(_unmatched(ours, others), _unmatched(others, ours))
        found += (Contradiction(kind, one.fact, other.fact) for one, other in couples)
    return sorted(found, key=lambda contradiction: contradiction.mine.start)


def _couples(ours: list[_Claim], others: list[_Claim]) -> Iterator[tuple[_Claim, _Claim]]:
    """Yield rivals, the nearest first, each claim once; of equally near ones those on top."""
    is_lone = len(ours) == len(others) == 1
    rivals = [
        (_nearness(one, other), -(mine + theirs), mine, theirs)
        for mine, one in enumerate(ours)
        for theirs, other in enumerate(others)
        if _rivals(one, other, is_lone)
    ]
    mine_left, theirs_left = set(range(len(ours))), set(range(len(others)))
    for _, _, mine, theirs in sorted(rivals, reverse=True):
        if mine in mine_left and theirs in theirs_left:
            mine_left.remove(mine)
            theirs_left.remove(theirs)
            yield ours[mine], others[theirs]


def _unmatched(claims: list[_Claim], others: list[_Claim]) -> list[_Claim]:
    """Return the claims that no other supports, each value of a thing once."""
    rest = {
        (claim.fact.value, claim.aspect): claim
        for claim in reversed(claims)
        if not any(
            _alike(claim, other) and values.agree(claim.fact, other.fact) for other in others
        )
    }
    return list(rest.values())[::-1]


def _rivals(claim: _Claim, other: _Claim, is_lone: bool) -> bool:
    """Whether one stands in the other's place.

    Where several values are left on a side, something must say that these two belong together.
    """
    if not _alike(claim, other) or not values.comparable(claim.fact, other.fact):
        return False
    return is_lone or any(_nearness(claim, other))


def _alike(claim: _Claim, other: _Claim) -> bool:
    """Whether both can be about the same thing: nothing that is named differs."""
    if claim.aspect and other.aspect and claim.aspect != other.aspect:
        return False
    named = ((claim.subjects, other.subjects), (claim.codes, other.codes))
    return not any(one and two and one.isdisjoint(two) for one, two in named)


def _nearness(claim: _Claim, other: _Claim) -> tuple[int, int, int]:
    """How much both name in common: what they measure, words around them, words before them."""
    named = bool(claim.aspect and claim.aspect == other.aspect)
    return int(named), len(claim.words & other.words), len(claim.sentence & other.sentence)


def _claims(text: str) -> Iterator[_Claim]:
    """Yield what the text states: without what it denies, and rates, "Rp5 juta sebulan"."""
    found = facts.find(text)
    for kind in KINDS:
        end = 0
        alike = [fact for fact in found if fact.kind == kind and not _is_rate(text, fact, found)]
        for fact, following in zip_longest(alike[:_MOST], alike[1:_MOST]):
            lead = text[max(0, fact.start - _BEFORE) : fact.start]
            if not _DENIED.search(lead):
                stop = following.start if following else len(text)
                yield _claim(fact, lead, text[end : fact.start], text[fact.end : stop])
            end = fact.end


def _is_rate(text: str, fact: Fact, found: list[Fact]) -> bool:
    """Whether a "sehari" or "sebulan" follows a value, or a word for what is counted or paid."""
    if not _ONE.fullmatch(text, fact.start, fact.end):
        return False
    return bool(_PER.search(text[: fact.start])) or any(
        other.end <= fact.start and not text[other.end : fact.start].strip() for other in found
    )


def _claim(fact: Fact, lead: str, since: str, following: str) -> _Claim:
    """Read what a fact is about: from its own part of the sentence, behind it, then before it.

    `since` and `following` reach to the next facts of its kind, `lead` goes past them.
    """
    before = _last(_SENTENCE_END, lead)
    close = min(_last(_PART_END, before), since, key=len)
    behind = _first(following[:_AFTER])
    near = f"{close} {behind}"
    aspects = (_aspect(fact.kind, part) for part in (close, behind, before))
    return _Claim(
        fact,
        next((aspect for aspect in aspects if aspect), None),
        frozenset(_held(near, _SUBJECTS)),
        frozenset(match[0].casefold().replace("pasal ", "") for match in _CODE.finditer(near)),
        _content(near),
        _content(before),
    )


def _last(end: re.Pattern[str], text: str) -> str:
    return end.split(text)[-1]


def _first(text: str) -> str:
    return _PART_END.split(_SENTENCE_END.split(text)[0])[0]


def _aspect(kind: str, text: str) -> str | None:
    return next(_held(text, _ASPECTS.get(kind, {})), None)


def _held(text: str, spellings: Mapping[str, str]) -> Iterator[str]:
    """Yield the names in `spellings` of which the text holds a spelling."""
    for name, pattern in spellings.items():
        if re.search(rf"\b(?:{pattern})\b", text, re.IGNORECASE):
            yield name


def _content(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold())) - slang.COMMON - _GENERIC
