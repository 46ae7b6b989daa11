"""What was never filled in: "{{name}}", "[NAMA]", "____", "XXX", "Rp…", "lorem ipsum"."""

import re
from collections.abc import Iterator

from reviews.checks import pii, words
from reviews.checks.remarks import Remark

# What a blank in brackets asks for, as its first word.
_ASKED = (
    "nama|name|alamat|address|tanggal|tgl|date|waktu|jam|company|perusahaan|instansi|kantor|your"
    "|insert|isi|isikan|masukkan|sebutkan|tambahkan|nomor|no|number|jumlah|amount|nominal|harga"
    "|todo|tbd|placeholder|e-?mail|telepon|phone|produk|product|jabatan|posisi|kota|city|negara"
    "|country|link|url|website|author|penulis|pengembang|developer|nome|cognome|azienda|indirizzo"
    "|inserire|data|user|username|pengguna|klien|client|pelanggan|customer|judul|title|bulan|tahun"
)
# "{nama}" and "{company_name}", but neither code nor LaTeX.
_BRACES = re.compile(
    r"\{\{[^{}\n]{1,60}\}\}|(?<![\w$\\{])\{[A-Za-z][\w -]{0,40}\}(?!\})|\{%[^{}\n]{1,60}%\}"
)
# Not a link "[nama](…)", not its target "[nama]: …".
_SQUARE = re.compile(
    rf"(?<![\]!\w])\[(?:[A-Z][A-Z _/-]{{2,40}}|(?i:{_ASKED})\b[^\[\]\n]{{0,60}})\](?![\[(:])"
)
_ANGLE = re.compile(
    # Neither are HTML's own.
    rf"<(?!(?:address|data|title|link|time)\b)"
    rf"(?:(?i:{_ASKED})(?:[ _-][\w -]{{1,40}})?|[A-Z]{{2,20}}_[A-Z_]{{2,30}})>"
)
_BLANK = re.compile(r"_{4,}|\.{8,}|…{3,}")
_CROSSES = re.compile(r"(?<![^\W_])[Xx]{3,}(?![^\W_])")
# A thirtieth chapter, and games.
_ROMAN = re.compile(
    r"(?:\b(?:bab|abad|pasal|bagian|lampiran|games|pon|volume|jilid|ke-?) ?)\Z", re.I
)
_WORDS = re.compile(
    r"\blorem ipsum\b|(?-i:\b(?:TODO|FIXME|TBD|TBA)\b)|(?-i:\b(?:YOUR|INSERT)_[A-Z_]{2,40}\b)", re.I
)
_AMOUNT = re.compile(r"\b(?:Rp|IDR|USD)\.?[^\S\n]?(?:\.{3,}|…|_{2,}|[-–—]{2,}|[Xx]{2,}\b|\?+)")
_RULER = re.compile(r"[ \t]*[_.…]+[ \t]*")
_SHOWN = 10


def remarks(text: str) -> list[Remark]:
    """Remark on each place that waits for its text (`placeholder`, `values`: "text").

    What our own redaction wrote, such as "[NIK]", is not waiting for anything: `redacted`.
    """
    plain = words.without_code(text)
    found: list[tuple[int, int]] = []
    for start, end in _places(plain):
        if all(end <= other_start or other_end <= start for other_start, other_end in found):
            found.append((start, end))
        if len(found) == _SHOWN:
            break
    return [_remark(text[start:end], start, end) for start, end in sorted(found)]


def _remark(text: str, start: int, end: int) -> Remark:
    kind = "redacted" if text[1:-1] in pii.KINDS and text[0] == "[" else "placeholder"
    return Remark(kind, start, end, {"text": text})


def _places(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_AMOUNT, _BRACES, _SQUARE, _ANGLE, _WORDS):
        for match in pattern.finditer(text):
            yield match.span()
    for match in _BLANK.finditer(text):
        if not _RULER.fullmatch(*_line(text, match)):
            yield match.span()
    for match in _CROSSES.finditer(text):
        if not _ROMAN.search(text, max(0, match.start() - 12), match.start()):
            yield match.span()


def _line(text: str, match: re.Match[str]) -> tuple[str, int, int]:
    """Return the line that a match stands in: the text, its start and its end."""
    end = text.find("\n", match.end())
    return text, text.rfind("\n", 0, match.start()) + 1, end if end >= 0 else len(text)
