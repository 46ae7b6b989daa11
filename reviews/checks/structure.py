"""Indonesian sentences that are built like English ones: few patterns, each nearly always right.

What is fine in careful Indonesian is left alone, even where English has the same: "di mana" in a
question, "yang mana" for which one, "membuat keputusan".
"""

import re

from reviews.checks import language, words
from reviews.checks.remarks import Remark

_I = re.IGNORECASE
_ADJECTIVE = (
    "penting|perlu|mungkin|mudah|sulit|sukar|wajar|baik|lazim|biasa|umum|benar|jelas|bijaksana"
    "|berguna|disarankan|dianjurkan|diperlukan|dimungkinkan|bermanfaat|normal|ilegal|legal|wajib"
)
_S = r"[^\S\n]{1,3}"
_PATTERNS = {
    # "It is important to …"
    "adalah_adjective": (
        rf"\b(?:itu{_S}|ini{_S})?adalah{_S}(?:sangat{_S}|tidak{_S})?(?:{_ADJECTIVE}){_S}"
        rf"(?:untuk|bahwa|bagi)\b"
    ),
    # "is required", "is regulated": a passive needs no copula.
    "adalah_passive": (
        rf"\badalah{_S}(?:telah{_S}|akan{_S}|sudah{_S}|tidak{_S})?"
        rf"di(?!nasti|ri\b|reksi|visi|mensi|alisi)[a-z]{{3,20}}(?:kan|i)\b"
    ),
    # "…, where you …", "the country where …"
    "relative_where": (
        rf"(?:,{_S}|\b(?:negara|tempat|kota|lokasi|daerah|wilayah|situasi|kondisi|keadaan|kasus|saat"
        rf"|waktu|era|zaman|sistem|proses|perusahaan|bank|kantor|rumah|hari|tahun){_S})"
        rf"(?P<at>di(?:{_S})?mana){_S}"
        rf"(?:anda|saya|kami|kita|mereka|dia|kamu|para|setiap|semua|pemohon|perusahaan|orang|wna"
        rf"|investor|karyawan|pihak|hal|ini|itu|tidak|terdapat|ada|seseorang|pemegang)\b"
    ),
    # "…, which …"
    "relative_which": rf",{_S}(?P<at>(?:yang|dengan){_S}mana){_S}(?!\w{{1,30}}{_S}?\?)",
    # "in order to", "in addition,", "at the end of the day", "take place"
    "calque": (
        rf"\bdalam{_S}rangka{_S}untuk\b|\bagar{_S}supaya\b|\bsebagai{_S}tambahan,"
        rf"|\b(?:pada|di){_S}akhir{_S}hari,|\bmengambil{_S}tempat{_S}(?:di|pada)\b"
        rf"|\bdatang{_S}dengan{_S}(?:biaya|harga|risiko|fitur)\b"
        rf"|\bsejauh{_S}ini{_S}bagus\b|\bmemiliki{_S}waktu{_S}yang{_S}baik\b"
        rf"|\bterakhir{_S}tapi{_S}tidak{_S}kalah{_S}pentingnya\b"
        rf"|\bpercaya{_S}itu{_S}atau{_S}tidak\b|\bmari{_S}kita{_S}menyelam\b"
        rf"|\bsaya{_S}harap{_S}ini{_S}membantu\b|\bsemoga{_S}ini{_S}membantu\b"
        rf"|\bterlepas{_S}dari{_S}fakta{_S}bahwa\b"
        rf"|\bpada{_S}basis{_S}(?:harian|bulanan|tahunan|mingguan)\b"
    ),
    # "dari pada" is "daripada" (than), or "dari" (of).
    "dari_pada": rf"\bdari{_S}pada\b",
}
_COMPILED = {name: re.compile(pattern, _I) for name, pattern in _PATTERNS.items()}
_SHOWN = 10


def remarks(text: str) -> list[Remark]:
    """Remark on each such place (`english_structure`).

    `values`: "pattern", one of PATTERNS, and "text", the words themselves.
    """
    if language.of(text) not in (language.ID, language.UNKNOWN):
        return []
    plain = words.own(text)
    found = []
    for name, pattern in _COMPILED.items():
        for match in pattern.finditer(plain):
            start, end = match.span("at" if "at" in pattern.groupindex else 0)
            values = {"pattern": name, "text": text[start:end]}
            found.append(Remark("english_structure", start, end, values))
    return sorted(found, key=lambda remark: remark.start)[:_SHOWN]


PATTERNS = tuple(_PATTERNS)
