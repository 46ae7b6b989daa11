"""Which language a text is in, by its small words: a soft signal, not a classifier.

Indonesian, English and Italian have a name; the regional languages of Indonesia and Malay, which
share many words with Indonesian, are "other". The lists are by hand. A word of two languages stands
in both lists, and what decides is where more of the text's words stand.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from reviews.checks import casual, words
from reviews.checks.remarks import Remark
from reviews.checks.words import Word

ID, EN, IT, OTHER, UNKNOWN = "id", "en", "it", "other", ""

# Fewer words say nothing.
_FEWEST = 4
# A language needs this share of a text's words.
_SHARE = 0.12
# A passage in another language than its text is worth a remark from so many words on.
_PASSAGE = 6
_SHOWN = 5

_INDONESIAN = casual.STANDARD | frozenset(
    """
    ada adalah akan aku antara apa atau bagi bahkan baik baru berapa besar bisa boleh bukan cara
    cukup daerah dalam dan datang depan di dia di-mana dulu hal hampir hari harga harus hanya
    hidup ia ini itu jadi jalan jauh jenis kali kami kamu karena kata ke kecil kembali kerja ketika
    kita kota kurang lagi lain lalu lama langsung lebih lewat luar lupa mana masalah masing masuk
    mau mereka mungkin mudah mulai nama nanti negara nya orang paling para pasti per perlu pernah
    pertama pun punya rasa rasanya rumah saat salah sama sambil satu sebelum sebuah secara sehingga
    sejak selain selalu selama semua semoga senang sendiri seorang sering siapa suatu sudah supaya
    tahun tanpa tapi telah tempat tempatnya tentang terlalu terus tetap tetapi tiba tiga tinggi
    waktu walau walaupun yang namanya makanan makanannya harganya enak bagus sangat sekali kalian
    bukanlah inilah itulah jangan mohon selamat terima kasih tolong warga izin usaha biaya pajak
    perusahaan dokumen syarat berlaku diperlukan dilakukan dapatkah bisakah butuh sekitar pakai
    apabila ketentuan
    """.split()
)
_ENGLISH = frozenset(
    """
    the a an and or but of to in is are was were be been being it its this that these those he she
    they we you i my your his her their our not no do does did don't can't i'm it's have has had
    will would can could should may might must for with on at by from as if then than so because
    about into over after before between what which who when where why how there here all any some
    each every more most other such only also very just too me him them us up out while during
    until through please need make get want like good great if even still again many much one two
    """.split()
)
_ITALIAN = frozenset(
    """
    il lo la i gli le un uno una di del dello della dei degli delle al allo alla ai agli alle dal
    dalla nel nella nei sul sulla con per tra fra che chi cui non è e ed o ma se come quando dove
    perché anche più meno molto poco tutto tutti questo questa questi queste quello quella sono sei
    siamo ho hai ha hanno essere avere fare può devo deve si mi ti ci vi suo sua suoi loro mio mia
    tuo tua nostro ogni già ancora solo poi quindi però cosa quale quali quanto entro dopo prima
    senza sempre mai grazie richiesta domanda risposta
    """.split()
)
# Each of these lists is its language's own; words that Indonesian shares are left out, but for
# the smallest.
_REGIONAL = {
    "javanese": """
        aku kowe sampeyan awakmu ora gak ojo aja iki iku kuwi kae lan karo wis durung arep opo sopo
        piye kepiye ning nang ing saka saking seko kanggo marang uga utawa yen nek lek lak menawa
        ana ono onok akeh luwih wong dheweke deweke dewe dhewe nduwe duwe kudu isa iso gelem sing
        kang kabeh mung nanging amarga mergo supados ngono ngene mengko saiki dina dino mbiyen gawe
        mangan turu omah apik becik elek anyar gedhe gede cilik adoh cedhak panggonan panggonane
        rasane regane panggone wektu wektune banget koyo kaya kayata neng tekan liya liyane isih
        nganti amargi kula kulo panjenengan mboten inggih meniko punika wonten saget sampun badhe
        dipun tumbas regi regine wae ae ket teko pas sir podo padha siji loro telu sewu bocah
        tiyang pun nggih mangkat mulih tuku dadi dadine menehi isine jenenge apike saben
        """,
    "balinese": """
        tiang titiang icang cai ragane ipun ida ane sane lan tusing sing ten nenten suba sampun
        lakar jagi pacang anggo antuk uli saking ring ento nika ene niki napi sira nyen dija kija
        kenken liu akeh pisan gati sajan jani mani ibi luung becik jelek teken sareng ajak yen
        yening wenten ada maan polih keto kene dogen kewala nanging mangda apang duang cenik gede
        buin malih iraga care bes ngidang nyidang sajaan tongos tongosne genah ajengan ajengane
        rasane ajine kabare cok kal ngoyong ningalin ento punika punike nggih bakat mase nden tawang
        dot tiange raris olih majeng sekadi minakadi
        """,
    "sundanese": """
        abdi kuring urang anjeun maneh henteu teu moal geus parantos atos tos ieu eta jeung sareng
        kana kanggo pikeun ti tina nu anu oge ari upami lamun aya loba pisan naha naon saha kumaha
        iraha bade kedah kudu tiasa hoyong resep sae alus ageung alit ayeuna kamari isukan deui keur
        nuju wungkul we mah teh atuh sanajan ngan tempatna rasana pangaos hargana boga gaduh bisa
        dahareun tuangeun batur jalma jalmi sapertos siga kawas lain sanes tapi ka di nya ieuh sok
        mun komo kacida saur ceuk nyaeta ngeunah raos baheula sakedik saeutik sadaya kabeh leuwih
        """,
    "minangkabau": """
        indak ndak alun alah awak ambo sanak kito ado jo untuak dima baa apo siapo iko rancak lamak
        bana baliak sajo tampek tampeknyo harago haragonyo raso rasonyo urang manga pai bisuak dek
        nan yo samo banyak ketek gadang jauah dakek alah masuak kalua lah dapek mambali makan lai
        modetulah jan sagalo sabana inyo kau waang den denai bialah sadonyo patang kini kanai
        saroman dakeknyo namo banamo adolah dari kalau
        """,
    "banjarese": """
        nang wan kada kadada handak pian ulun ikam inya banar haja ja lawan gasan mun amun pang ai
        kaya balum wadah wadahnya hanyar himung bubuhan matan kalu gin jua nangkaya kaya sidin unda
        nyawa lagi hagan kawa cagar sabarataan barataan sing haragana bilang manurut tatap lamak
        kenapa nyaman banyunya halus ganal hinggan imbah dudi limbah sualnya kaina pulang dahulu
        atawa
        """,
    "acehnese": """
        nyoe nyan hana nyang ngon lam ureueng ureung uroe meunyo keu bak lon droeneuh gata jih that
        mangat lagoe peue soe pat teupeue geutanyoe kamoe awaknyan deungon cit mandum bandum raya
        ubit jeut ka han aneuk beu le teuh sajan rumoh yum mantong meunan hai neubi ie jinoe singoh
        """,
    "buginese": """
        iyaro iyae ko mi sibawa engka de de' purana ri okko maega melo idi iko ia pole nasaba yako
        sa na tu ta iye napa magi aga iga tania pura degaga wedding makessing manyameng anrena
        anroanna ellinna makkoaniro lao esso tempa' e
        """,
    "madurese": """
        engkok sengko' engko' tak se ban ben mon bik e reng oreng reya jereya rowa bede badha badah
        dhari ka kaangguy ghebey bhai le la lakar cek ce' perna lebbi bannya' bennya' raje keni'
        nyaman rassana argena kabbi padha panika neka bekna dhibi' sabab kenengngan engak ngakan
        """,
    "ngaju": """
        ewen tuh te ikei ikau hong huang ilau jatun dia tege bahalap kilau eka inyaran ih je dengan
        akan kanih hetuh kare puna are hai korik mangat kuman mihup hindai jari handak tau nampa awi
        tagal ela mun bara intu gin haliai manggau
        """,
    "toba batak": """
        do ni ma na tu sian ndang dang hamu hami ibana ahu nasida dohot molo alai asa on i manang
        adong jala di godang hian pe ho nami ingananna argana dai tabo las hita nunga ndada sude
        angka halak diba sahat songon laho taringot muse sae ro dope jolma inganan uli balga
        """,
    "malay": """
        awak kerana sahaja adakah ialah manakala syarikat cukai pelaburan maklumat perkhidmatan
        tiada wang polis encik puan mahu mahukan sekiranya bilakah telefon akaun lesen pejabat
        iaitu boleh nak hendak tak dah kat tidakkah jawatan peniaga kewangan bahawa semasa kereta
        pengguna kerajaan berkenaan amaun tempoh pasport kakitangan urusan memohon borang yuran
        dikenakan setiap hari isnin selasa khamis jumaat
        """,
}
# The words of these lists that Indonesian has not, not even the Indonesian of a chat.
_CASUAL = casual.SURE | casual.COLLOQUIAL | casual.MILD
_SHARED = frozenset(
    """
    nyaman jari halus pulang dahulu bilang kenapa lain tekan pengguna urusan setiap dikenakan
    memohon tiada hendak lawan angka batur kaya hari bes
    """.split()
)
_OWN = {
    name: frozenset(text.split()) - _INDONESIAN - _CASUAL - _SHARED
    for name, text in _REGIONAL.items()
}
# The small words that no regional language shares: they outweigh a foreign word or two.
_CORE = frozenset(
    """
    yang dan dengan tidak untuk karena dari pada akan juga bisa sudah belum seperti sangat kalau
    saja hanya atau dalam lebih saya mereka tersebut tetapi adalah oleh kepada namun jika bahwa
    ketika saat anda kamu kita lagi tapi lewat
    """.split()
)
# How Minangkabau and Banjarese put Indonesian words.
_SPELT = re.compile(
    r"[a-z]{2,}(?:nyo|uak|uik)|many[a-z]{3,}|mam(?!alia|pu|pir|ma)[a-z]{3,}"
    r"|mang(?!ga|gis|ku|sa)[a-z]{3,}|man(?!usia|faat|diri|aje|tan|is|da|ual|t|ado|u|ik|a|gg|gk|gs)"
    r"[a-z]{4,}"
)
# Endings and prefixes by which a word is Indonesian where the small words leave it open.
_BUILT = re.compile(r"(?:me[mn]|meng|ber|ter|di|per|pe[mn])[a-z]{3,}|[a-z]{4,}(?:nya|kan|kah|lah)")
_BUILT_WEIGHT = 0.5


@lru_cache(maxsize=8)
def of(text: str) -> str:
    """Return "id", "en", "it", "other", or "" where the text is too short or too mixed to say."""
    return _of([word for word in words.read(text) if word.low.isalpha() or "'" in word.low])


def mismatch(text: str, wanted: str) -> list[Remark]:
    """Remark on a text that is in another language than `wanted` ("id", "en", "it").

    A text that is in the wanted one gets a remark for each passage of six words or more in another.
    """
    found = of(text)
    if found not in (wanted, UNKNOWN):
        return [Remark("language", values={"wanted": wanted, "found": found})]
    return _passages(text, wanted)[:_SHOWN]


def _passages(text: str, wanted: str) -> list[Remark]:
    remarks = []
    for passage in words.sentences(text):
        found = _of(passage) if len(passage) >= _PASSAGE else UNKNOWN
        if found in (EN, IT) and found != wanted:
            start, end = passage[0].start, passage[-1].end
            remarks.append(Remark("language_passage", start, end, {"found": found}))
    return remarks


def _of(read: Sequence[Word]) -> str:
    if len(read) < _FEWEST:
        return UNKNOWN
    points = {ID: _indonesian(read), EN: _share(read, _ENGLISH), IT: _share(read, _ITALIAN)}
    own, core = _regional(read), _share(read, _CORE | casual.SURE)
    best = max(points, key=lambda name: (points[name], name == ID))
    least = max(1.5, _SHARE * len(read))
    if max(points[best], own) < least:
        return UNKNOWN
    if own >= least and own > points[best]:
        return OTHER
    return OTHER if best == ID and own >= core and own > 1 else best


def _share(read: Sequence[Word], listed: frozenset[str]) -> float:
    return float(sum(word.low in listed for word in read))


def _indonesian(read: Sequence[Word]) -> float:
    built = sum(_BUILT.fullmatch(word.low) is not None for word in read)
    return _share(read, _INDONESIAN | _CASUAL) + _BUILT_WEIGHT * built


def _regional(read: Sequence[Word]) -> float:
    """Return how many words are of the regional language that has the most of them."""
    spelt = sum(_SPELT.fullmatch(word.low) is not None for word in read)
    return max(_share(read, own) for own in _OWN.values()) + _BUILT_WEIGHT * spelt
