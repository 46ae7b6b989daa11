"""Made-up texts with personal data between « and », and texts that only look like it.

Written from the formats of the data folder's SOURCES.md, for what no public labels exist for and
for the spellings that the public lists lack. Nobody's data: NIKs, accounts and so on are invented.
"""

POSITIVE = {
    "NIK": """
NIK saya «3578011402850007».
NIK «3578015402850007» (perempuan)
«3578 0114 0285 0007»
«357801.140285.0007»
«35.78.01.140285.0007»
«357801-140285-0007»
«357801/140285/0007»
«3578_0114_0285_0007»
lahir 29 Februari: «3578012902000007»
tahun 2024 «3578 0114 0285 0007»
NPWP: «3578011402850007»
KTP saya «5103021205900003» atas permohonan itu
ktp: «9271015708950002», Papua Barat Daya
No. KK «3174031507120019»
nik«3578011402850007»
{"nik":"«3578011402850007»","ok":true}
NIK salah ketik «3578013102850007» tetap milik orang
nomor induk kependudukan «9978011402850007» ditolak sistem
ktp no «３５７８０１１４０２８５０００７»
NIK «3578\u200b0114\u200b0285\u200b0007»
NIK «357801–140285–0007»
NIK «3578—0114—0285—0007»
NIK «᭓᭕᭗᭘᭐᭑᭑᭔᭐᭒᭘᭕᭐᭐᭐᭗»
Payload: {"text":"NIK «3578\\u00a00114\\u00a00285\\u00a00007» ya"}
""",
    "NPWP": """
«02.468.135.7-912.000»
«02 468 135 7 912 000»
«02.468.135.7.912.000»
«02-468-135-7-912-000»
«02.468.135.7–912.000»
«０２.４６８.１３５.７-９１２.０００»
«0\u200b2.468.135.7-912.000»
NPWP perusahaan «024681357912000»
NPWP baru: «0024681357912000»
npwp «02468135.7912000»
npwp saya «0246 8135 7912 000»
nomor pokok wajib pajak «024681357912000» atas nama PT
NPWPnya «02/468/135/7/912/000»
tax id «024681357912000»
no npwp: «02_468_135_7_912_000»
«012345678912000» itu NPWP pribadi
{"npwp": "«024681357912000»"}
{"npwp": «246813579120000»}
NPWP cabang «02.468.135.7-912.001» dan pusat «02.468.135.7-912.000»
ID«02.468.135.7-912.000»
""",
    "TELEPON": """
«0812-3456-7890»
WA «081234567890»,«08561234567»
wa.me/«6281234567890»
hubungi «+62 812 3456 7890»!
«+62.812.3456.7890»
«+62 (0)812-3456-7890»
«(0812) 3456 7890»
(«0812-3456-7890»)
«(+62) 812-3456-7890»
«0812‑3456‑7890»
«0812–3456–7890»
«0812—3456—7890»
«0812\u00a03456\u00a07890»
«0812/3456/7890»
«0812_3456_7890»
«0812 - 3456 - 7890»
«0812\u200b3456\u200b7890»
\u202a«+62 812-3456-7890»\u202c
«０８１２３４５６７８９０»
«٠٨١٢٣٤٥٦٧٨٩٠»
«0️⃣8️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣9️⃣0»️⃣
«08 12 34 56 78 90»
«0812 345 67890»
«0812-345-678»
telepon «0812 3456 7890» 5 hari lagi
telepon «0812 3456 7890» 15 orang
nomorku «081234567890»ya
hp«081234567890»
«081234567890»/«085612345678»
«0062 812 3456 7890»
«62812-3456-7890»
«(021) 555-1234»
Telp. «(0361) 751011».
«+62 21 555 1234»
«+62 (361) 751-011»
«0217654321»
kantor «0361-4711 222»
fax «021.7654.321»
fax «021.7654321»
«+61 412 345 678»
«+1 (212) 555-0123»
«+1-212-555-0123»
«+44 20 7946 0958»
WA «+65 9123 4567» Singapura
«+86 138 0013 8000»
«+46 (0)8 928 571 38»
whatsapp «812-3456-7890»
phone: «212-555-0123»
{"hp":"«081234567890»"}
{"t":"baris\\n«0812-3456-7890»\\nselesai"}
{"t":"«0812\\n3456\\n7890»"}
""",
    "EMAIL": """
«Budi.Santoso+visa@contoh.co.id».
kirim ke «a@b.id», segera
<«info_pajak@contoh.com»>
mailto:«halo@contoh.id»?subject=Visa
«josé@contoh.com»
«jose\u0301@contoh.com»
«用户@例子.广告»
«info@münchen.example»
«ani@xn--mnchen-3ya.example»
«budi\u200b@contoh.co.id»
«budi＠contoh．co．id»
«budi@sub.contoh-usaha.co.id»
email=«budi%40contoh.co.id»&x=1
«budi (at) contoh.co.id»
«budi [at] contoh [dot] co [dot] id»
«budi(at)contoh.co.id» ya
«budi[AT]contoh.com»
«budi @ contoh.co.id»
«budi @gmail.com»
{"to":["«budi@contoh.id»","«ani@contoh.id»"]}
{"t":"Salam,\\n«budi@contoh.id»"}
«nama_depan.belakang99@contoh.my.id»
""",
    "PASPOR": """
paspor «A1234567»
paspor «X1234567», yang lama «AB123456»
«C7654321» (passport)
No. Paspor: «B 1234567»
nomor paspor saya «E-7654321»
my passport is «PA1234567»
passport number «123456789»
passport no: «533123456»
nopaspor «c1234567»
paspornya «A123456»
paspor WNA «N12345678» berlaku 5 tahun
Paspor «Ａ１２３４５６７»
paspor «A123\u200b4567»
{"passport": "«X1234567»"}
pasport «A1234567» hilang
passpor «C1234567»
paspor suami «A1234567» dan istri «B7654321»
paspor nomor «123456789» (Inggris)
Passport holder «LB765432»
paspor: «X 1234567»
""",
    "KITAS": """
KITAS «2C11JE4321-K» habis
«2D21AB0001»
Nomor KITAS saya «2C11JE1234-X».
kitas «2c11je1234-x»
KITAS «2C21JE0912-K» sudah diperpanjang
No. KITAS: «2C11JE1234»
no kitas «2c 11 je 1234»
KITAP «2D11JE5678-L»
KITAP nomor «2D21BA0456»
kitap saya «2D-11-JE-5678»
ITAS «2C12AF1234-B» atas nama istri
ITAP «2D13JF4321»
izin tinggal «2C14JE8765-M» berakhir Mei
stay permit «2C15JE1111»
e-KITAS «2C21JE00912»
«2C11JE1234-X» atau «2C21JE0912-K»?
KITAS (lama) «2C11 JE 1234-X»
KITAS «2C.11.JE.1234»
KITAS «2C/11/JE/1234»
KITAS «2C11JE1234 - X»
«2C21XY123456» dari Bali
KITAS «2C11JE1234X»
Kitas: «2C11-JE1234»
{"kitas":"«2C11JE1234-X»"}
{"t":"KITAS\\n«2C11JE1234-X»\\nok"}
KITAS «２Ｃ１１ＪＥ１２３４»
KITAS «2C11\u200bJE\u200b1234»
KITAS «2C11JE1234–X»
KITAS «2C–11–JE–1234»
KITAS «2c45ef1234»
kitas «2d10ab9999»
Kitas suami «2C11GH7001-T», anak «2C11GH7002-T»
nokitas «2C11JE1234»
kitasnya «2C11JE1234-X» hilang
Pemegang KITAP «2D22CD3344-A» boleh bekerja?
Bukti: «2D11JE5678»/lampiran
(«2C11JE4321-K»)
izin tinggal terbatas «2C20LM0042-Z»
KITAS nomor «J1U123456» untuk istri
KITAP no: «IM2-7654321»
itas no «AB1234567»
nomor ITAP «2D18QR1357-N» mau diubah
KITAS saya «J2U987654-K» beda format
""",
    "REKENING": """
rekening BCA «1234567890»
no. rek «0341-01-000743-30-3»
transfer ke Mandiri «1370012345678»
NIB 9120001234567, rek BNI «1234567890»
Rek BRI «034101000743303» a.n. yayasan
rek. BSI «7123456789»
norek «1234567890»
rekeningnya «1234567890» ya kak
BCA «123-456-7890»
BCA «123 456 7890»
BCA «1234567890»
bca «1234567890» atas nama toko
Bank Mandiri «137-00-1234567-8»
bank mandiri «1370012345678»
Mandiri «137 00 1234567 8»
BNI «0123456789» atau BRI «012301001234567»
Danamon «003612345678»
CIMB Niaga «7061234567800»
Permata «4101234567»
Maybank «1234567890»
OCBC «123456789012»
Panin «1234567890»
Bank Jago «101234567890»
Jenius «90012345678»
SeaBank «901234567890»
BTN «0001201500012345»
BTN «00012-01-50-001234-5»
«1234567890» (BCA)
«1370012345678» rekening Mandiri
account number «1234567890»
bank account «954567876544»
a/c «1234567890» BCA
acc no «1234567890»
virtual account «8077081234567890»
nomor VA «8808123456789012»
rekening BPD Bali «0100202123456»
rekening «１２３４５６７８９０»
rekening «12345\u200b67890»
rekening «123–456–7890»
rek BCA «123_456_7890»
rek BCA «123/456/7890»
rek «1234.5678.90»
{"bank":"BCA","number":"«1234567890»"}
{"rekening": "«1234567890»", "ts": 1732156800000}
{"t":"rek BNI\\n«1234567890»"}
IBAN «GB82 WEST 1234 5698 7654 32»
iban: «DE89370400440532013000»
«NL91ABNA0417164300»
""",
    "PLAT": """
plat «B 1234 XYZ»
plat nomor «DK 1234 AB»
pelat nomor «B 1 RI»
nopol «D 4567 ABC»
nopol: «B1234XYZ»
nopol «b 1234 xyz»
no pol «L 2345 KL»
no. pol. «AB 1234 CD»
nomor polisi «DK 8888 FX»
Nomor Polisi: «B 9012 TGH».
No. Polisi «N-1234-AB»
no polisi «AE.1234.BC»
plat nomornya «H 1234 AB»
platnya «DK 4321 XY»
plat «B-1234-XYZ»
plat «B 1234»
nopol «DK 8»
plat «CD 12 34»
plat «BK 1234 ZZ» dan «BK 4321 AA»
mobil «B 1234 XYZ» parkir sembarangan
mobilnya «B 1234 XYZ»
motor «DK 1234 AB» saya hilang
motor saya «DK1234AB»
kendaraan dengan nomor «KT 1234 AB»
kendaraan «DD 1234 XY» terlambat pajak
STNK «B 1234 XYZ» mati
STNK atas mobil «F 1234 ABC»
BPKB «Z 1234 AB»
TNKB «KB 1234 QQ»
perpanjang STNK motor «AG 2345 XY»
balik nama kendaraan «P 1234 VW»
mobil Avanza «S 1234 AB»
sepeda motor «DR 1234 CD»
truk, plat «BE 9876 AB»
mobil dinas «W 12 AB»
pajak mobil «BM 1234 AC»
nopol «Ｂ １２３４ ＸＹＺ»
plat «B\u00a01234\u00a0XYZ»
plat «B–1234–XYZ»
plat «B\u200b1234\u200bXYZ»
{"nopol":"«DK1234AB»"}
{"t":"nopol\\n«DK 1234 AB»"}
plat «EB 1234 XY» dari Flores
plat «PA 1234 AB» Jayapura
license plate «DK 1234 AB»
""",
    "ALAMAT": """
«Jl. Mawar No. 5»
«Jl. Mawar No.5»
«Jl Mawar no 5»
«jl. mawar no. 5»
«Jln. Melati Raya Nomor 12A»
«Jalan Kenanga No. 7 RT 02/RW 03»
«Jl. Sunset Road No. 88X, Kuta, Kabupaten Badung, Bali 80361»
«Jl. Pantai Berawa No.99, Tibubeneng, Kec. Kuta Utara, Kabupaten Badung, Bali 80361»
Saya tinggal di «Jl. Anggrek II No. 14, Jakarta Selatan 12190».
«Jl. Gatot Subroto Kav. 18, Jakarta»
«Jl. Raya Bogor KM 30 No. 5»
«Jl. Diponegoro 45»
«Jalan Hayam Wuruk 127»
«Jl. Veteran 12-14»
«Jl. Dago 100A, Bandung»
«Jl. Teuku Umar #12»
«jln raya kuta no 88 badung»
«Gang Kelinci No. 3»
«Gg. Buntu II No. 9»
«Jl. Nangka Gg. V No. 3, Denpasar»
«gg mawar no 2 rt 01 rw 02»
«RT 03/RW 05»
«RT 003 / RW 005»
«RT.01/RW.02»
«rt 5 rw 3, kelurahan Sanur, kecamatan Denpasar Selatan»
«RT/RW 05/02»
«RT 05/02»
«Komplek Permata Indah Blok C No. 12»
«Kompleks Bumi Asri Blok B2/15»
«Perumahan Griya Sejati Blok AB 12 No 3»
«Perum Taman Sari No. 21»
«Blok C2 No. 15»
«Blok D-4/7, Kelurahan Jati»
«Apartemen Melati Tower B Lantai 12 No. 5»
«Kampung Baru RT 02/03»
«Kp. Sawah RT 01/RW 09, Desa Suka Maju, Kec. Ciawi, Kab. Bogor 16720»
«Dusun Krajan RT 02 RW 03, Desa Sumber»
«Banjar Anyar RT 1/RW 2»
alamat: «Desa Suka Maju, Kec. Ciawi, Kab. Bogor»
Alamat saya di «Kelurahan Sanur, Kecamatan Denpasar Selatan, Kota Denpasar 80228»
domisili «Desa Canggu, Kec. Kuta Utara»
alamatnya «Jl. Merpati No. 1» ya
KTP di «Jl. Cendrawasih No. 4, Kel. Sukajadi, Kec. Sukajadi, Kota Bandung, Jawa Barat 40162»
«Jl. Mawar No. ５»
«Jl.\u00a0Mawar\u00a0No.\u00a05»
«Jl. Mawar\u200b No. 5»
«Jl. Mawar No. 12–14»
{"alamat":"«Jl. Mawar No. 5, Jakarta»"}
{"t":"kirim ke\\n«Jl. Mawar No. 5»\\nbesok"}
""",
}

# Each list looks like one kind; no kind at all may be found in them.
NEGATIVE = {
    "NIK": """
3578011402850000
3578013102850007
9978011402850007
3578011413850007
3578998031290123
5500005555555559
tahun 2022 2023 2024 2025
31-12-2025-31-12-2026
2022202320242025
nilai 0.3578011402850007
Rp3578011402850007
3.578.011.402.850.007 rupiah
order 1234567812345678
""",
    "NPWP": """
0246813579120003
024681357912000
Nomor 112/PMK.03/2022 dan M.HH-02.GR.01.04 Tahun 2023
PER-04/PJ/2020 tentang NPWP
NPWP wajib sejak 2009, PKP sejak 2014
NPWP dan NIB 0220001234567
kode billing 123456789012345 untuk NPWP itu
NTPN 1234567890123456 dan NPWP
NPWP 15 digit menjadi 16 digit per 1 Juli 2024
{"npwp": null, "created_at": 173215680000000}
tarif NPWP 20% lebih tinggi dari Rp54.000.000
""",
    "TELEPON": """
62.812.345.678 rupiah
62.812.345.678
31-12-2025 atau 2025/01/31 pukul 08.30-17.00
11-10-2024-11-12-2024
naik 12,5% menjadi 0.812345678
versi 62.8.1.2 dan v1.2.3.4
hubungi 1500 888 atau 14000
layanan 0800-1-500-200
dc078624-3394-43ec-b7e4-e3a632f845b6
abcdef12-0812-4567-8901-234567890123
35780114-0285-0007-0812-345678901234
commit a0812345678901f2c4b6
d41d8cd98f00b204e9800998ecf8427e
+7,5% dan +10.000.000.000
2026-11-21T10:00:00+07:00
2026-11-21 10:00:00.123456
1732156800000
1732156800.123456
{"id":812345678901,"ts":1732156800000,"x":-8.0812345678}
Line 12, col 8: 0x08123456789
NIB 9120001234567 diurus
KBLI 55130, 55193, 68111 dan 79121
{"lat":-8.6500000,"lon":115.2166667}
tiket 0812345678901
""",
    "EMAIL": """
@app.task(bind=True)
git@github.com:contoh/repo.git
npm i paket@1.2.3
harga 5 pcs @ 10.000
rapat (at) kantor besok
@budi tolong dibalas
cek @toko.baju ya
icon@2x.png
a@b
kata sandi p@ss
user@localhost
[at] itu cara menulis
""",
    "PASPOR": """
kode A1234567
VISA C312 dan E28A
paspor berlaku 18 bulan sejak 2024
paspor dan visa D212, B211A, E33G
biaya paspor Rp650.000 atau 650000
paspor 48 halaman 350.000
paspor masa berlaku minimal 6 (enam) bulan
UU No. 6 Tahun 2011 tentang paspor
paspor diplomatik PP 31/2013
paspor tanggal 31122025
""",
    "KITAS": """
KITAS E28A berlaku 2 tahun
KITAS C312 dan E23
KITAS investor nilai Rp10.000.000.000
KITAP berlaku 5 tahun
KITAS sejak 2011
ITAS 1 tahun, ITAP 5 tahun
kitas 2024
KITAS UU No. 6 Tahun 2011
KITAS PP 31/2013
KITAS Permenkumham 27/2014
KITAS M.HH-02.GR.01.04 Tahun 2023
perpanjang KITAS 30 hari sebelum 31-12-2025
KITAS E33G remote worker
KITAS (313) dan (317)
biaya KITAS 3.000.000
biaya KITAS 3000000 rupiah
izin tinggal 60 hari
izin tinggal B211A
izin tinggal terbatas 180 hari
izin tinggal kunjungan 2x30 hari
2C saja
2D11
baris 2C11
2C11JE
pasal 2C ayat 11
tipe 2D 3D 4D
RTX 2C1234
dc2c11ab-1234-4d5e-8f00-aabbccddeeff
a2c11je1234
2c45ef1234 adalah commit
0x2c11ab1234
{"hash":"2d21ab0001"}
9f2c11ab12345678
film 2D 21 Mei 2024
lantai 2C kamar 1102
2C 11 2024
2D-2024-11
gate 2D 11 boarding 1234
KITAS bisnis-2 tahun
KITAS pensiun usia 60
KITAS 2-tahun dan 1-tahun
visa 2C12
""",
    "REKENING": """
melampirkan rekening koran dengan saldo minimal 5000000000
rekening koran tiga bulan dengan dana 2.500.000.000
rekening koran per 31-12-2025 10:00
Nomor Induk Berusaha (NIB): 9120001234567 diurus secara mandiri
BCA 1500888
halo BCA 1500 888
Mandiri 14000
BNI 1500046
BRI 14017 atau 1500017
saham BBRI 2024
transfer ke rekening 1.500.000.000
transfer ke BCA Rp1500000000
transfer ke BCA sebesar 1500000000
saldo BCA 1500000000
rekening minimal 1000000000
setoran rekening IDR 10000000000
rekening USD 1000000000
rekening 1000000000 rupiah
rekening koran 3 bulan terakhir
rekening 31/12/2025
rekening per 2025-12-31 10:30
{"bank":"BCA","ts":1732156800000}
{"bank":"BCA","score":0.812345678901}
{"bank":"BCA","created_at":1732156800000}
{"rekening":null,"id":1234567890123}
{"account":"x","amount":1000000000}
{"bank":"BNI","total": 1500000000}
kerja mandiri 2024 2025
belajar secara mandiri 1234567890
rekening BCA invoice 1234567890
rekening BCA, faktur 0100002412345678
bank BCA order 1234567890
1234567890
12345678901234
NIB 0220001234567
nomor referensi 123456789012 BCA
BI rate 6,25% BCA 12.345
KBLI 64191 64192 BCA
BCA 2021 2022
rekening 12345
rekening 123-456
ISBN 9786020332956 penerbit Mega
IMEI 490154203237518 dan rekening
IBAN GB00WEST12345698765432
GB82WEST12345698765433
resi 123456789012 dikirim, bayar BCA
""",
    "PLAT": """
B 1234 XYZ
mobil L 300
mobil L300 PU
mobil listrik 2024
motor 150 cc
motor 2 tak
mobil 4 x 4
mobil D 4 D
limbah B 3 kendaraan
kendaraan roda 2
kendaraan roda 4 dan 2
SIM A dan SIM B 1
SIM B 2 umum untuk kendaraan
STNK 5 tahunan
pajak kendaraan PKB 2 persen
pajak mobil 2 persen
tarif PKB kendaraan 1,5%
kendaraan bermotor UU No. 22 Tahun 2009
UU 22/2009 kendaraan
Pasal 288 ayat 1 STNK
kendaraan pasal 5 huruf b
polisi 110
polisi pada 17 Agustus 1945
kantor polisi di km 12
polisi tahun 2024
politik 2024
plat merah 2024
plat kuning dan hitam
plat besi 3 mm
plat besi 10 x 20
plat baja 2 mm tebal
platform 3 D
plat a 4
mobil seharga Rp200.000.000
mobil harga 200 jt
mobil 7 penumpang
motor matic 110 cc
mobil tahun 2019 km 20.000
KBLI 45101 perdagangan mobil
KBLI 77100 sewa mobil
mobil EV 100 unit
motor 3 kali servis
kendaraan masuk jam 7 pagi
mobil A 3
""",
    "ALAMAT": """
kantor di Jalan Sudirman
Jalan Sudirman macet
di Jl. Thamrin ada demo
jalan 5 km lagi
jalan kaki 10 menit
jalan selama 3 hari
berjalan 5 tahun
berjalan sejak 2011
Undang-Undang Nomor 22 Tahun 2009 tentang Lalu Lintas dan Angkutan Jalan
UU Lalu Lintas dan Angkutan Jalan Nomor 22 Tahun 2009
UU Jalan Nomor 38 Tahun 2004
UU Jalan No. 38 Tahun 2004
PP Jalan Tol Nomor 15 Tahun 2005
jalan tol Trans Jawa 1.167 km
jalan tol ruas 2 dan 3
Jalan Tol Cipali 116 kilometer
Jalan Braga 2024
Jalan Malioboro pada 1945
jalan nasional 3 lajur
jalan keluar 1
Jalan Raya Pos 1.000 km
Jalan Raya Pos sepanjang 1000 km
jalan-jalan 3 hari 2 malam
jalan cerita film 2
jalan buntu 2 kali
Gang Dolly ditutup
gang of 5
gg wp 3
Blok M
Blok Mahakam
Blok M ramai pada 2024
blok 5
blok kode 12 baris
Desa Kedungbulus adalah desa kecil di Kecamatan Gembong, Kabupaten Pati
Kabupaten Badung, Bali
Kota Denpasar 80228
Kecamatan Kuta Utara 2024
Kelurahan Sanur dengan 5 banjar
ketua RT 05
RT dan RW
pengantar RT/RW
surat RT/RW setempat
RTRW 2011-2031
RW 3
alamat email perusahaan
alamat IP 192.168.0.1
alamat web dan domain 2
alamat kantor di Jakarta
alamat virtual office PP 5/2021
domisili fiskal 183 hari
domisili di Indonesia lebih dari 183 hari
komplek candi abad 9
kompleks pertokoan 3 lantai
perumahan subsidi 2024
perum Peruri 1971
apartemen 2 kamar
apartemen seharga Rp5.000.000.000
kampung adat 7 rumah
""",
    "mixed": """
Selamat pagi.
Modal Rp10.000.000.000 disetor
Modal Rp 10000000000,-
2.500.000.000 rupiah
IDR 2.500.000.000 dan USD 350.000
investasi 10 M per KBLI
Nomor 25 Tahun 2007, Pasal 33 ayat (1)
UU No. 6 Tahun 2011
PP 34/2021 dan PMK 112/PMK.03/2022
tahun 2022 2023 2024 2025
{"id":"0193a4f0-7b1c-7e52-9a3e-2c5d8f1b6a70","ts":"2026-11-21T10:00:00.123456+07:00"}
{"epoch_ms":1732156800000,"score":0.8123456789012345,"n":-12.5e-10}
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
aGVsbG8gd29ybGQgMDgxMjM0NTY3ODkw
File "/srv/app/views.py", line 812, in get
at com.contoh.Main.main(Main.java:1234)
0x7ffee4b8c8a0
for i in range(10000000): pass
192.168.100.200:8080
https://contoh.id/a/2024/11/21/berita-12345678
""",
}


def marked(line: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a line without its marks and the places that they mark."""
    text, places = "", []
    for piece in line.replace("»", "«").split("«"):
        places.append((len(text), len(text) + len(piece)))
        text += piece
    return text, places[1::2]


def positives(kind: str) -> list[tuple[str, list[tuple[int, int]]]]:
    """Return (text, places of personal data) of each line of a kind."""
    return [marked(line) for line in POSITIVE[kind].strip("\n").split("\n")]


def negatives(kind: str) -> list[str]:
    """Return the clean texts that look like a kind."""
    return NEGATIVE[kind].strip("\n").split("\n")
