"""Colloquial Indonesian words and their standard forms: for comparing texts, never for showing."""

from __future__ import annotations

import re

STANDARD = {
    "gimana": "bagaimana",
    "gmn": "bagaimana",
    "gmana": "bagaimana",
    "nggak": "tidak",
    "ngga": "tidak",
    "enggak": "tidak",
    "gak": "tidak",
    "ga": "tidak",
    "gk": "tidak",
    "tak": "tidak",
    "gue": "saya",
    "gua": "saya",
    "gw": "saya",
    "aku": "saya",
    "lo": "anda",
    "lu": "anda",
    "kamu": "anda",
    "udah": "sudah",
    "dah": "sudah",
    "udh": "sudah",
    "belom": "belum",
    "blm": "belum",
    "aja": "saja",
    "doang": "saja",
    "kalo": "kalau",
    "klo": "kalau",
    "jika": "kalau",
    "apabila": "kalau",
    "bikin": "membuat",
    "buat": "untuk",
    "bwt": "untuk",
    "pake": "memakai",
    "pakai": "memakai",
    "menggunakan": "memakai",
    "dapet": "dapat",
    "bisa": "dapat",
    "boleh": "dapat",
    "mesti": "harus",
    "kudu": "harus",
    "wajib": "harus",
    "perlu": "harus",
    "pengen": "ingin",
    "pengin": "ingin",
    "mau": "ingin",
    "hendak": "ingin",
    "ngurus": "mengurus",
    "urus": "mengurus",
    "nyewa": "menyewa",
    "beli": "membeli",
    "jual": "menjual",
    "bayar": "membayar",
    "kerja": "bekerja",
    "duit": "uang",
    "ongkos": "biaya",
    "tarif": "biaya",
    "berapaan": "berapa",
    "brp": "berapa",
    "sampe": "sampai",
    "sampek": "sampai",
    "abis": "habis",
    "kayak": "seperti",
    "kyk": "seperti",
    "trus": "terus",
    "kenapa": "mengapa",
    "knp": "mengapa",
    "emang": "memang",
    "cuma": "hanya",
    "cuman": "hanya",
    "bareng": "bersama",
    "sama": "dengan",
    "ama": "dengan",
    "yg": "yang",
    "dgn": "dengan",
    "utk": "untuk",
    "dlm": "dalam",
    "krn": "karena",
    "karna": "karena",
    "bule": "asing",
    "wna": "asing",
}
PARTICLES = frozenset(
    "dong sih ya yah nih kok deh lah kah kan tuh toh bro gan kak mas mbak min pak bu".split()
)
COMMON = frozenset(
    """ada adalah agar akan anda antara apa apakah atas atau bagaimana bagi bahwa belum berapa
    berdasarkan bisa boleh buat dalam dan dapat dari dengan di hal hanya harus ialah ingin ini itu
    jadi jelaskan juga kalau kami kapan karena ke kita klien lagi lama lebih maka mana masih maupun
    memang mengapa menurut mohon oleh orang pada paling para per saja sampai satu saya sebagai
    sebelum sebuah sekarang seorang seperti serta setelah siapa suatu sudah supaya tanya tentang
    terhadap tersebut terus tidak tolong untuk yang""".split()
)
"""Words that any Indonesian question may hold."""
_PREFIXES = tuple(
    "memper diper meng meny mem men peng peny pem pen ber ter per di ke se me pe".split()
)
_SUFFIXES = ("kan", "nya", "lah", "kah", "an", "i")
_WORD = re.compile(r"\w+", re.UNICODE)


def standard_words(text: str) -> list[str]:
    """The text's words, lower case, slang in its standard form, particles left out."""
    words = []
    for word in _WORD.findall(text.casefold()):
        if word in PARTICLES:
            continue
        bare = word[:-3] if len(word) > 5 and word.endswith("nya") else word
        words.append(STANDARD.get(bare, bare))
    return words


def stem(word: str) -> str:
    """The word without its first common suffix and prefix. Light: it need only map forms of a word
    to the same stem, not to the right one."""
    if len(word) <= 4 or any(letter.isdigit() for letter in word):
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            word = word[: -len(suffix)]
            break
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= 3:
            return word[len(prefix) :]
    return word
