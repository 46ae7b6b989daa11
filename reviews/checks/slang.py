"""Colloquial Indonesian words and their standard forms: for comparing texts, never for showing."""

from __future__ import annotations

import re

# "standard: spellings"; what a chat drops from a common word, "bsk" of "besok", casual.py finds.
_SPELLINGS = """
    bagaimana: gimana gmn gmana gmna gimna gimane pegimana
    tidak: nggak ngga enggak engga gak ga gk ngak nggk ngk kagak kaga ndak nda gag gaa ngg
    saya: gue gua gw gwe sy sya
    anda: lo lu elo elu loe
    sudah: udah dah udh sdh uda dh
    belum: belom blm blom blum
    saja: aja doang doank aj ajah sj
    kalau: kalo klo kl klu kalok
    membuat: bikin
    untuk: bwt utk tuk
    memakai: pake dipake make makek
    terpakai: kepake
    dapat: dapet dpt dpet
    harus: kudu hrs
    ingin: pengen pengin pgn pngen
    mengurus: ngurus
    menyewa: nyewa
    uang: duit
    berapa: berapaan brp brapa
    sampai: sampe sampek ampe smp smpe nyampe
    habis: abis hbs
    seperti: kayak kyk kek
    terus: trus trs teros
    mengapa: knp napa ngapa knapa
    memang: emang emg emng
    hanya: cuma cuman cmn
    bersama: bareng barengan
    dengan: ama dgn dg dng
    yang: yg
    dalam: dlm
    karena: krn karna krna
    asing: bule
    juga: jg jga
    lagi: lg lgi
    jadi: jd jdi
    dari: dr dri
    tapi: tp tpi
    bisa: bs bsa
    banyak: bnyk byk bnyak
    orang: org
    jangan: jgn jngan
    masih: msh masi
    masuk: msk
    benar: bener bnr
    cepat: cepet cpt
    tetap: tetep ttp ttep
    hilang: ilang
    tadi: td tdi
    kemarin: kemaren kmrn kmaren kmren
    nomor: nomer nmr nmer
    tanya: nanya
    menunggu: nunggu nungguin
    mencari: nyari nyariin
    mengambil: ngambil
    mengirim: ngirim
    mengisi: ngisi
    menerima: nerima
    menambah: nambah
    memberi: ngasih kasi
    mengecek: ngecek
    mencoba: nyoba nyobain
    memesan: mesen pesen
    menjawab: ngejawab
    menghitung: ngitung
    mengerti: ngerti
    tahu: tau
    melihat: liat ngeliat lihatin
    teman: temen tmn
    malam: malem mlm
    balas: bales bls
    tolong: tlg tlong tulung
    mohon: mhn mhon
    sekali: bgt banget bngt
    bagus: bgs
    sekarang: skrg skrng skarang skg skr skrang
    besok: bsk
    nanti: ntar entar nti
    sebelum: sblm seblm
    padahal: pdhl pdahal pdhal
    tersebut: tsb
    lebih: lbh
    langsung: lgsg lgsung lngsng
    dulu: dlu
    bulan: bln
    telepon: telpon telfon tlp tlpn
    tanggal: tgl
    beberapa: bbrp bberapa
    ribu: rb rebu
    juta: jt
    kira: kirain
    selesai: kelar
"""
CASUAL = {
    spelling: standard.strip()
    for standard, spellings in (line.split(":") for line in _SPELLINGS.split("\n") if ":" in line)
    for spelling in spellings.split()
}
"""Casual spellings and words, with the standard ones."""
_SYNONYMS = {
    "tak": "tidak",
    "aku": "saya",
    "kamu": "anda",
    "jika": "kalau",
    "apabila": "kalau",
    "buat": "untuk",
    "pakai": "memakai",
    "menggunakan": "memakai",
    "bisa": "dapat",
    "boleh": "dapat",
    "mesti": "harus",
    "wajib": "harus",
    "perlu": "harus",
    "mau": "ingin",
    "hendak": "ingin",
    "urus": "mengurus",
    "beli": "membeli",
    "jual": "menjual",
    "bayar": "membayar",
    "kerja": "bekerja",
    "ongkos": "biaya",
    "tarif": "biaya",
    "kenapa": "mengapa",
    "sama": "dengan",
    "wna": "asing",
}
STANDARD = CASUAL | _SYNONYMS
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
