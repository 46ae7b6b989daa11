"""Casual Indonesian: word lists by hand, and the rules by which casual words are built.

`slang.CASUAL` holds what has a standard form; here are the words that have none, those that carry
only a part of the tone, and the roots that the rules need. They were mended on stif_train
(docs/checks.md); no word's weight comes from a corpus.
"""

import re
from functools import lru_cache

from reviews.checks import slang

# Friendly words that also stand in texts of another tone.
MILD = frozenset(
    """
    buat kan kaya biar tiap makin hay hallo haloo hello helo met info respon tgl bln tsb telp
    telpon rb jt no kah lah nya ku mu n y dirubah mba negri yeay terimakasih gua cuma cuman
    """.split()
)
# Words that a talk keeps even where its grammar is standard.
COLLOQUIAL = frozenset(
    """
    dong donk nih tuh deh banget gimana bikin bareng bule duit gede kayak loh lho mah lha
    nah waduh please sip pas keburu makasih kasian bego tolol kampret brengsek sialan kerjaan lemot
    melulu capek cape kesel sebel ribet ruwet rempong mager telat gan bro sis bosku cewek cowok
    ngobrol keren mending mendingan btw yuk hmm item rame nyesel pinter
    """.split()
)
# One of these makes a sentence casual.
SURE = (
    (
        frozenset(slang.CASUAL)
        | frozenset(
            """
        donks dongs nihh neh nich tuch deeh kok koq kog toh euy atuh yok kuy yah yak yaa yaah
        yaudah yauda yaampun okedeh okeh siip hadeh hadeuh anjir anjay anjrit njir goblog bangke
        agan bray coy guys gaes gais gengs mimin kaka kaa bokap nyokap ortu doi gebetan cewe cowo
        sih ka mulu kayaknya keknya kayanya kyknya emangnya pantesan beneran seriusan duluan
        beginian begituan gitu gtu gini gituan ginian gitulah segini lelet bapuk gercep kepo baper
        galau santuy mantul kece jutek ngeselin nyebelin ngapain ngomong nongkrong nebeng cuan
        gocap ceban goceng dikit bentar dadakan kepotong kesedot kebuka kebayang kerasa ketauan
        gapapa gpp ogah ente ane aing aq ak lw woy woi ciee cie ih huft semalem makasi mksh mksih
        makasii trims tks thx thanks thankyou thank tq tengkyu trimakasih maap sori pls plis monggo
        halah elah ahh idih cih cus otw japri sosmed medsos ongkir olshop ojol internetan gabut
        alay lebay norak receh buset busyet edan lol hooh iye iyaa iyah yoi ayuk bakalan seneng
        deket males laper komplen konfirm notif dapetin eror sempet inget denger pinter ijo
        ujan idup itung jatoh minjem mikir maksa nelpon nelp dibales mules bacot doyan demen ngaco
        kocak nyantai ntap mantep mantab cepetan kzl bget gt gtw taro ditaro kliatan kliatannya
        malming taun ancur sapa sprti spt smua smw nganter nanyain biarin seger serem anget nanem
        cakep entaran mantengin ngabisin
        """.split()
        )
    )
    - MILD
    - COLLOQUIAL
)
# Words of written Indonesian, and everyday ones that a chat shortens: each speaks against a casual
# tone, though never against a SURE word.
STANDARD = frozenset(
    """
    adapun agar anda apabila apakah atas bagaimana bahwa banyak bapak begitu belum benar
    berdasarkan bertanya cepat dalam dapat dari dengan dibalas diharapkan dimaksud dimohon guna
    habis hanya hilang hingga ibu ingin jangan jika juga juta kalau karena kemarin kepada ketentuan
    lambat maka malam masih melakukan melalui memang memberikan membuat memiliki mendapatkan
    mengapa mengenai menggunakan menjadi merupakan mohon namun nomor oleh orang padahal pelanggan
    pengemudi perihal periksa pesan ribu saja sampai sangat saudara saya sebagaimana sedang
    sehubungan sekali sekarang selaku seperti serta sesuai setelah setiap silahkan silakan sudah
    tahu tanggal telepon terhadap terima terkait terlampir tersebut tetap tetapi tidak untuk wajib
    yaitu yakni yang
    """.split()
)

# Endings that a chat writes apart: "info nya".
ENDINGS = frozenset(("nya", "ku", "mu"))
# Abbreviations that a formal text writes with a full stop.
DOTTED = frozenset("dr no telp tlp tgl bln thn".split())
# What public chat data has in place of names and numbers.
MASKS = frozenset(f"xxx{name}xxx" for name in ("user", "number", "date", "phone", "percent"))

# Verbs in their root form, as they stand behind "di", behind "nge-" or before "-in".
_ROOTS = frozenset(
    """
    ajar ajak akses ambil angkat antar anter atasi atur baca bahas balik balas bales bantu batal
    bawa bayar beban beli beri bikin blok blokir buang buka bully cabut cancel cari catat cek cetak
    coba cuci daftar dapat dapet debet dengar denger desak download dukung edit ganggu ganti gunain
    guna hack hapus hilang hitung hubung hubungi hukum ilang input isi jawab jelas jual jemput jaga
    kabar kasih kasi kejar kelola kembali kena kenal kerja ketik kira kirim konfirm konfirmasi
    kontak kunci kurang kurangi kuras lacak lanjut lapor larang lempar lepas lihat liat minta
    nonaktif olah omel pangkas paham pakai pake paksa panggil pantau pasang pecat percaya pecah
    perbaiki periksa perjelas permudah percepat pesan pesen pikir pilih pindah pinjam pinjem potong
    proses pulih putus refund rekam reset respon respons restart rubah rusak sampai sampe sebut
    sedia sedot selesai seret setting setor siap simpan suruh suspend sambung tabung tagih tahan
    tambah tampil tanggap tanya tangani tarik taruh tawar telpon telepon telfon terima tolak
    transfer tukar tuker tulis tunda tunggu tunjuk tutup ubah ulang umum undang update upgrade
    upload urus verifikasi embat
    """.split()
)
# Places that "di" and "ke" are written apart from.
_PLACES = (
    "sini|sana|situ|mana|depan|dalem|luar|rumah|daerah|lokasi|bulan|kota|kantor|toko|sekolah"
    "|aplikasi|tempat|hari|belakang|samping|bank|cabang|kampus|bandara"
)
# English verbs under an Indonesian prefix.
_ENGLISH = (
    "cancel|reply|pick|pickup|accept|refund|follow|followup|charge|block|hack|check|reset|chat|share"
    "|approve|confirm|handle|hire|apply|book|submit|read|closing|upload|download|update|upgrade|add"
)
# What a chat shortens: "tlong", "bnyk", "kluar".
_COMMON = frozenset(
    """
    ada adalah akan alamat anak antara apakah atas atau bagaimana baik balas banget bantu banyak
    barang baru bayar begini begitu belakang belanja belum benar berapa besok biasa bilang bisa
    buka bulan bukan cara cepat coba cukup dalam dapat dari daripada dekat dengan diterima dulu
    gangguan ganti gratis habis hanya harga harus hari hilang hubungi ingin internet jadi jangan
    jaringan jawab jelas juga kakak kalau kalian kalo kami kamu kantor kapan karena kartu kasih
    kecewa kelihatan keluar keluhan kembali kemarin kenapa kendala kerja kesal kirim kurang lagi
    lain lambat lancar langganan langsung lapor layanan lebih lewat lihat lokasi maaf mahal makan
    makasih maksud maksudnya malam masalah masih masuk masing melalui memang menerima mengirim
    menit minggu minta mohon mudah mulai mungkin nanti nomor nunggu orang padahal pagi paket
    panggil pelayanan pengiriman penjual percuma perlu pernah pesan promo proses pulsa punya
    rekening resi rumah sabar saja salah sama sampai sangat saya sebagai sebelum sebentar sedang
    sedangkan segera sekali sekarang sekitar selalu selama selesai semalam semoga sempat sendiri
    seperti sering setiap siapa siang silakan simpan sinyal sisa sudah suka supaya susah tadi tahun
    takut tambah tanggal tanya tapi telat telepon teman tempat tentang tentu terima terimakasih
    terlalu terus tetap tidak tiket tinggal tolong transaksi tukar tunggu uang udah ulang untuk
    verifikasi waktu website wilayah yakin yang
    """.split()
)
# Lower-case abbreviations and foreign words that only look like a shortened word.
_NOT_SHORTENED = frozenset(
    """
    dm cs pt cv tv rp km kg gb mb tb cm mm ml kb xl hp wc rt rw jl mr mrs st pm bpjs kpr ktp sms
    dll dsb dst dkk pp kk sk sd smp sma www http https html pdf ltd php js css sql xml xls by my
    why try cry fly sky dry shy gym krim in dp vs dpr cd dvd lcd spa plan slim trip print brand
    club staf pro drama bar kan rs std wfh smk tbk pln kbli
    """.split()
)
# Words of the standard language that start with "di" and end in "-in".
_IN = frozenset("dijamin dipimpin dingin dicermin diizin disiplin".split())

# No casual word is longer; what is, is no word.
_LONGEST = 30
_ROMAN = re.compile(r"[ivxlc]+")
_VOWEL = re.compile(r"[aeiou]")
_REPEATED = re.compile(r"(.)\1+")
_LAUGHTER = re.compile(r"(?:wk){2,}w?|w+k+w+k*|(?:h[aeiu]){2,}h?|x(?:i|ixi)+")
# Laughter that is left in where all else is standard.
_POLITE_LAUGHTER = re.compile(r"(?:h[aei]){2,3}h?")
_TWICE = re.compile(r"[a-z]{3,}[2²](?:an|nya|in|kan|i|lah)?")
_DRAWN_OUT = re.compile(r"[a-z]*[aeiou][a-z]*(?<=.)(?:hh|kk|yy|nn|mm)|[a-z]{2,}(?:uu|ii|aa|oo)")
_THRICE = re.compile(r"([aeiouhnkmty])\1\1")
_NOT_DRAWN_OUT = frozenset(
    "inn finn zoo too igloo yahoo tattoo pass ann anne shampoo taboo bamboo hawaii".split()
)
_NASAL = re.compile(
    r"nge-?|ng(?!engat|eri|arai|ilu|urah|awi|anjuk|ada|aben)[aiueo][a-z]+|nge-?(?!ngat)[a-z]{3,}"
    r"|ny(?!ep|oman|ai|at|aman|awa|al[aoi]|anyi|ony|amuk|aris|aring|enyak|eri|i$|iur|iru)[aiueo][a-z]+"
)
_NOT = ("ga", "gak", "gk", "ngga", "nggak")
_NOT_NOT = frozenset("ganti gabung gaul gasal ganda garap gatal".split())
_GIVEN = re.compile(r"(di|ke|nge|ng)?([a-z]{3,})in(?:nya|lah)?")
_APART = re.compile(rf"(?:di|ke)(?:{_PLACES})(?:nya)?|di(?:{_ENGLISH})(?:in|nya)?")
_STANDS_TOGETHER = frozenset("keluar dimana kedalam".split())


def _skeleton(word: str) -> str:
    return word[0] + _VOWEL.sub("", word[1:])


_SKELETONS: dict[str, list[str]] = {}
for _word in sorted(_COMMON):
    _SKELETONS.setdefault(_skeleton(_word), []).append(_word)


_WEIGHTS = (
    dict.fromkeys(SURE, 1.0)
    | dict.fromkeys(COLLOQUIAL, 0.6)
    | dict.fromkeys(MILD, 0.5)
    | {"ya": 0.7, "min": 0.8}
)


def weight(word: str) -> float:
    """Return how casual a word in small letters is by itself, from 0 to 1 (SURE)."""
    half, _, other = word.partition("-")
    if other and half == other and word != "cuma-cuma":
        return weight(half)
    return _WEIGHTS.get(word, 0.0)


@lru_cache(maxsize=4096)
def built_weight(word: str) -> float:
    """Return the same for how a word is built, which names must not be asked for."""
    if len(word) > _LONGEST or not word.isascii() or _ROMAN.fullmatch(word):
        return 0.0
    if _POLITE_LAUGHTER.fullmatch(word):
        return 0.0
    if any(rule(word) for rule in _RULES):
        return 1.0
    return 0.5 if _APART.fullmatch(word) and word not in _STANDS_TOGETHER else 0.0


_NO_VERBS = frozenset("pekan ikan makan bahkan bukan rekan silakan sedangkan melainkan".split())


def is_verb(word: str) -> bool:
    """Return whether a verb that "di" belongs to is written apart from it: "di cek"."""
    return (word in _ROOTS and word != "balik") or (
        len(word) > 5 and word.endswith("kan") and word not in _NO_VERBS
    )


def is_shortened(word: str) -> bool:
    """Return whether vowels were left out of a common word: "bnyk", "tlong", "kluar"."""
    if len(word) < 3 or word in _NOT_SHORTENED or not word.isalpha():
        return False
    bare = word[:-3] if len(word) > 5 and word.endswith("nya") else word
    return any(_is_shortened_from(bare, full) for full in _SKELETONS.get(_skeleton(bare), ()))


def _is_shortened_from(word: str, full: str) -> bool:
    letters = iter(full)
    if word in _COMMON or len(word) >= len(full) or not all(x in letters for x in word):
        return False
    # "hal" is no short "halo": two consonants must meet that a vowel kept apart.
    meet = (word[i : i + 2] for i in range(len(word) - 1))
    return not _VOWEL.search(word[1:]) or (
        word[-1] == full[-1] and any(not _VOWEL.search(pair) and pair not in full for pair in meet)
    )


def is_drawn_out(word: str) -> bool:
    """Return whether letters are repeated for their sound: "yaaa", "bangett", "tolooong"."""
    if not _REPEATED.search(word) or word.startswith(("xxx", "www", "iii", "aaa")):
        return False
    if _THRICE.search(word):
        return True
    if _DRAWN_OUT.fullmatch(word) and word not in _NOT_DRAWN_OUT:
        return True
    once = _REPEATED.sub(r"\1", word)
    return word not in _NOT_DRAWN_OUT and "aan" not in word and once not in _ONCE and once in _KNOWN


_ONCE = frozenset("eror maf sat".split())
_KNOWN = SURE | COLLOQUIAL | MILD | _COMMON | {"apa", "ini", "itu", "aku", "kak", "min", "ayo"}


def is_refused(word: str) -> bool:
    """Return whether a casual "not" is glued to a word: "gabisa", "gakada"."""
    if word in _NOT_NOT:
        return False
    return any(word.startswith(no) and _is_behind_not(word[len(no) :]) for no in _NOT)


def _is_behind_not(word: str) -> bool:
    return word in _BEHIND_NOT or (word.startswith("di") and word[2:] in _ROOTS)


_BEHIND_NOT = (
    _COMMON
    | _ROOTS
    | frozenset(
        "tau tahu mau usah papa boleh pernah perlu dapet sampe kuat ngerti dibalas dibales".split()
    )
)


_KE = frozenset("kekasih kekurang kekenal".split())


def is_befallen(word: str) -> bool:
    """Return whether a verb takes the casual "ke-": "kepotong", "kehapus"."""
    return word.startswith("ke") and word[2:] in _ROOTS and word not in _KE


def is_given(word: str) -> bool:
    """Return whether a verb ends in the casual "-in": "kirimin", "dibalikin"."""
    match = _GIVEN.fullmatch(word)
    return match is not None and word not in _IN and (match[1] == "di" or match[2] in _ROOTS)


_RULES = (
    is_drawn_out,
    is_shortened,
    is_refused,
    is_given,
    is_befallen,
    lambda word: _LAUGHTER.fullmatch(word) is not None,
    lambda word: _TWICE.fullmatch(word) is not None,
    lambda word: _NASAL.fullmatch(word) is not None,
)
