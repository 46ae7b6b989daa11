import pytest

from reviews.checks import register
from reviews.checks.remarks import Remark

CASUAL = [
    "Prosesnya gampang kok, tinggal siapin paspor aja",
    "Nggak usah khawatir, nanti kami bantu",
    "gmn cara ngurus KITAS",
    "Udah dicek belum berkasnya",
    "Mau nanya dong, VOA bisa diperpanjang ga",
    "Tolong kirim dokumennya ya",
    "Iya, gapapa kok",
    "visanya blm kluar, pdhl udh bayar",
    "kirimin invoice-nya skrg",
    "akun saya gabisa dibuka",
    "udah lamaaa nunggu",
    "tolong di cek statusnya",
    "paspornya dibalikin kapan",
    "bolak balik ke kantor, cape banget",
    "wkwkwk santai",
    "dokumennya ke-reject gara2 fotonya",
    "makasih min infonya",
]
NOT_CASUAL = [
    "Ya, bisa. Paspor harus berlaku minimal 18 bulan",
    "Untuk mendirikan PT PMA, Anda wajib memiliki modal disetor paling sedikit Rp2,5 miliar",
    "Visa on arrival (VoA) dapat diajukan melalui e-mail atau situs evisa.imigrasi.go.id",
    "Direktur PT PMA perlu KITAS investor (E28A), bukan KITAS kerja",
    "Bandara I Gusti Ngurah Rai, Kabupaten Nganjuk dan Ngawi",
    "Masa berlaku paspor min. 6 bulan, min 18 bulan untuk ITAS",
    "Biaya tersebut belum termasuk PPN 11% dan PPh 23",
    "Layanan ini cuma-cuma dan berlaku di balik loket",
    "Kolom GA dan LO pada formulir tidak perlu diisi",
    "Dr Sari dan Y. Hadi menulis no. 5",
    "dr. Sari bertugas di klinik pada Bab VIII",
    "Hari-hari kerja dihitung sejak berkas diterima",
    "Yang dimilikinya dan dilaluinya tercatat di dokumen",
    'Tulis "gue nggak bisa" sebagai contoh kalimat santai',
    "",
]


@pytest.mark.parametrize("text", CASUAL)
def test_casual(text: str) -> None:
    assert register.of(text).tone == register.CASUAL


@pytest.mark.parametrize("text", NOT_CASUAL)
def test_not_casual(text: str) -> None:
    assert register.of(text).tone != register.CASUAL


def test_formal() -> None:
    text = "Mohon agar Bapak/Ibu melampirkan paspor dan surat sponsor sebelum tanggal tersebut"
    assert register.of(text).tone == register.FORMAL


@pytest.mark.parametrize("text", CASUAL + NOT_CASUAL)
def test_what_ends_a_sentence_says_nothing(text: str) -> None:
    assert {register.score(f"{text}{end}") for end in ("", ".", " .", "?", "!", "…")} == {
        register.score(text)
    }


def test_signs_stand_where_they_say() -> None:
    text = "Udah, tolong di cek ya."
    signs = register.of(text).signs
    assert [(s.text, text[s.start : s.end]) for s in signs] == [
        ("Udah", "Udah"),
        ("di cek", "di cek"),
        ("ya", "ya"),
    ]


def test_one_slip_does_not_make_a_long_answer_casual_but_is_shown() -> None:
    text = "Permohonan visa diajukan melalui sponsor di Indonesia. " * 30 + "Sisanya kayak biasa."
    slipped = text.replace("kayak", "gitu")
    assert register.of(slipped).tone != register.CASUAL
    at = slipped.index("gitu")
    assert register.mismatch("", slipped, "business") == [
        Remark("casual_word", at, at + 4, {"word": "gitu"})
    ]


def test_a_casual_answer_where_a_formal_one_was_wanted() -> None:
    assert register.mismatch("Apa syaratnya?", "Siapin paspor aja.", "formal") == [
        Remark("register", values={"wanted": "formal", "found": "casual"}),
        Remark("casual_word", 0, 6, {"word": "Siapin"}),
        Remark("casual_word", 14, 17, {"word": "aja"}),
    ]


STIFF = (
    "Sehubungan dengan hal tersebut, Anda wajib melampirkan paspor sesuai ketentuan yang berlaku."
)


def test_a_stiff_answer_to_a_casual_question() -> None:
    stiff = Remark("register", values={"wanted": "casual", "found": "formal"})
    assert register.mismatch("gmn caranya min?", STIFF, "casual") == [stiff]
    assert register.mismatch("Bagaimana caranya?", STIFF, "casual") == []


@pytest.mark.parametrize("wanted", ["", "formal", "business"])
def test_a_formal_answer_is_right_elsewhere(wanted: str) -> None:
    assert register.mismatch("gmn caranya min?", STIFF, wanted) == []


@pytest.mark.parametrize(
    "answer",
    [
        "Please send us your passport, thanks, and we will check it for you.",
        "Grazie per la richiesta, per favore ci mandi il passaporto con la domanda.",
    ],
)
def test_other_languages_have_no_indonesian_tone(answer: str) -> None:
    assert register.mismatch("", answer, "formal") == []
