"""Pairs of answers to one question, written for these tests: contradicting, and only looking so.

Each contradiction is written as in the two texts, mine first. All hold in both directions.
"""

Case = tuple[str, str, list[tuple[str, str]]]

CONTRADICTING: list[Case] = [
    (
        "Modal Rp10 miliar, biaya Rp20 juta.",
        "modal Rp2,5 miliar, biaya Rp20 juta",
        [("Rp10 miliar", "Rp2,5 miliar")],
    ),
    (
        "Modal minimal PT PMA adalah Rp10 miliar di luar tanah dan bangunan.",
        "Untuk PT PMA modalnya paling sedikit 2,5 M rupiah, Kak.",
        [("Rp10 miliar", "2,5 M rupiah")],
    ),
    ("Masa tinggal VoA 30 hari.", "VoA memberi masa tinggal 60 hari.", [("30 hari", "60 hari")]),
    ("30 hari saja, Kak.", "Bisa sampai 45 hari.", [("30 hari", "45 hari")]),
    (
        "Proses KITAS biasanya 5-7 hari kerja setelah dokumen lengkap.",
        "Waktu pengurusannya sekitar 30 hari.",
        [("5-7 hari kerja", "30 hari")],
    ),
    (
        "Overstay dikenakan denda Rp1.000.000 per hari.",
        "Denda overstay Rp 500.000/hari, maksimal 60 hari.",
        [("Rp1.000.000", "Rp 500.000")],
    ),
    ("Tarif PPN saat ini 11%.", "Tarif PPN 12 persen.", [("11%", "12 persen")]),
    (
        "Paspor harus berlaku minimal 6 bulan, visanya sendiri berlaku 60 hari.",
        "Paspor wajib masih berlaku 12 bulan dan visa berlaku 60 hari.",
        [("6 bulan", "12 bulan")],
    ),
    (
        "Dasarnya UU No. 25 Tahun 2007 tentang Penanaman Modal.",
        "Hal ini diatur dalam Undang-Undang Nomor 40 Tahun 2007.",
        [("UU No. 25 Tahun 2007", "Undang-Undang Nomor 40 Tahun 2007")],
    ),
    (
        "Penipuan diatur dalam Pasal 378 KUHP.",
        "Penipuan diatur dalam Pasal 372 KUHP.",
        [("Pasal 378 KUHP", "Pasal 372 KUHP")],
    ),
    (
        "Lihat Pasal 33 ayat (1) UU 25/2007.",
        "Lihat Pasal 33 ayat (2) UU 25/2007.",
        [("Pasal 33 ayat (1) UU 25/2007", "Pasal 33 ayat (2) UU 25/2007")],
    ),
    (
        "Jasa konsultan dipotong PPh Pasal 23.",
        "Jasa konsultan dipotong PPh 21.",
        [("PPh Pasal 23", "PPh 21")],
    ),
    (
        "Tarifnya 2% dari nilai bruto, disetor paling lambat 10 hari setelah bulan berakhir.",
        "Tarif 4 persen dari bruto dan paling lambat 15 hari setelah bulan berakhir.",
        [("2%", "4 persen"), ("10 hari", "15 hari")],
    ),
    (
        "Gaji minimal Rp5,4 juta; biaya pengurusan Rp3 juta.",
        "Biaya pengurusan Rp3 juta dan gaji minimal Rp4,9 juta.",
        [("Rp5,4 juta", "Rp4,9 juta")],
    ),
    (
        "KITAS investor berlaku 2 tahun dan KITAP 5 tahun.",
        "KITAS investor berlaku 1 tahun, sedangkan KITAP 5 tahun.",
        [("2 tahun", "1 tahun")],
    ),
    (
        "Visa C1 60 hari, visa D1 sampai 5 tahun.",
        "Visa C1 30 hari, visa D1 sampai 5 tahun.",
        [("60 hari", "30 hari")],
    ),
    (
        "Sekarang modalnya Rp2,5 miliar, bukan lagi Rp10 miliar.",
        "Modalnya Rp10 miliar.",
        [("Rp2,5 miliar", "Rp10 miliar")],
    ),
    (
        "Modal Rp10 miliar dan deposit Rp2 miliar.",
        "Modal Rp2 miliar dan deposit Rp10 miliar.",
        [("Rp10 miliar", "Rp2 miliar"), ("Rp2 miliar", "Rp10 miliar")],
    ),
    (
        "Biaya PNBP visa USD 150.",
        "Biaya PNBP visa adalah US$ 200, dibayar lewat portal.",
        [("USD 150", "US$ 200")],
    ),
    (
        "Kepemilikan asing maksimal 49%.",
        "Saham asing boleh 100 persen untuk KBLI itu.",
        [("49%", "100 persen")],
    ),
    (
        "**Biaya:**\n- Rp 5.000.000 untuk visa\n- Rp 2.000.000 untuk notaris",
        "**Biaya:**\n- Rp 6.500.000 untuk visa\n- Rp 2.000.000 untuk notaris",
        [("Rp 5.000.000", "Rp 6.500.000")],
    ),
    (
        "Bisa diperpanjang 2 x 60 hari.",
        "Perpanjangannya hanya 30 hari.",
        [("2 x 60 hari", "30 hari")],
    ),
    (
        "Laporan LKPM wajib setiap 3 bulan, paling lambat 10 hari sesudahnya.",
        "LKPM dilaporkan setiap 6 bulan, paling lambat 10 hari sesudahnya.",
        [("3 bulan", "6 bulan")],
    ),
    (
        "The stay permit is valid for 60 days.",
        "The stay permit is valid for 30 days and costs USD 100.",
        [("60 days", "30 days")],
    ),
    (
        "Diancam penjara paling lama 4 tahun.",
        "Ancaman pidananya 5 tahun penjara.",
        [("4 tahun", "5 tahun")],
    ),
    (
        "Pelanggaran data diberitahukan paling lambat 3 x 24 jam.",
        "Pemberitahuannya paling lambat 24 jam.",
        [("3 x 24 jam", "24 jam")],
    ),
    (
        "Syarat sah perjanjian ada di Pasal 1320 KUHPerdata.",
        "Syarat sahnya diatur Pasal 1320 KUHP.",
        [("Pasal 1320 KUHPerdata", "Pasal 1320 KUHP")],
    ),
    ("Masa tinggal 6 bulan.", "Masa tinggal 190 hari.", [("6 bulan", "190 hari")]),
    ("Proses 5 hari kerja.", "Proses 10 hari.", [("5 hari kerja", "10 hari")]),
    (
        "Usia minimal pemohon 55 tahun, penghasilan USD 3.000 per bulan.",
        "Pemohon berusia 60 tahun ke atas dengan penghasilan USD 3,000.",
        [("55 tahun", "60 tahun")],
    ),
]

# Written after the rules stood, to see how they fare on what they were not written for.
LATER: list[Case] = [
    (
        "Untuk mengurus NPWP pribadi tidak dipungut biaya dan biasanya jadi dalam 1 hari kerja.",
        "NPWP gratis. Kartunya dikirim lewat pos, selesai kurang lebih 14 hari kerja.",
        [("1 hari kerja", "14 hari kerja")],
    ),
    (
        "Batas omzet UMKM bebas pajak Rp500 juta setahun, selebihnya kena 0,5%.",
        "WP orang pribadi dengan omzet sampai Rp 600 juta tidak bayar; di atasnya 0,5 persen.",
        [("Rp500 juta", "Rp 600 juta")],
    ),
    (
        "PT perorangan cukup dengan 1 pendiri dan modal berapa pun di bawah Rp5 miliar.",
        "Modal usaha PT perorangan maksimal Rp 10 miliar, tidak termasuk tanah dan bangunan.",
        [("Rp5 miliar", "Rp 10 miliar")],
    ),
    (
        "Iuran BPJS Kesehatan 5% dari gaji: 4% perusahaan, 1% karyawan.",
        "Iurannya 5%, yaitu 3% ditanggung perusahaan dan 2% karyawan.",
        [("4%", "3%"), ("1%", "2%")],
    ),
    (
        "Golden visa 5 tahun mensyaratkan investasi USD 2,5 juta untuk perorangan.",
        "Untuk golden visa 5 tahun nilai investasinya USD 350.000.",
        [("USD 2,5 juta", "USD 350.000")],
    ),
    (
        "Cuti tahunan minimal 12 hari kerja setelah bekerja satu tahun.",
        "Karyawan berhak atas cuti 14 hari kerja setelah setahun bekerja.",
        [("12 hari kerja", "14 hari kerja")],
    ),
    (
        "Masa percobaan paling lama 3 bulan sesuai UU No. 13 Tahun 2003.",
        "Probation boleh sampai 6 bulan (UU 13/2003).",
        [("3 bulan", "6 bulan")],
    ),
    (
        "Hak Guna Bangunan diberikan 30 tahun, diperpanjang 20 tahun, diperbarui 30 tahun.",
        "HGB diberikan 30 tahun, bisa diperpanjang 30 tahun lagi.",
        # The thirty of the second stands in the first, if for other years: not told.
        [],
    ),
    (
        "SKCK berlaku enam bulan, biayanya Rp30.000.",
        "Biaya SKCK tiga puluh ribu rupiah dan masa berlakunya 1 tahun.",
        [("enam bulan", "1 tahun")],
    ),
    (
        "Siapkan dana minimal USD 2.000 di rekening, biaya visanya Rp1.500.000.",
        "Bukti rekening minimal USD 5,000; visanya Rp 1,5 juta.",
        [("USD 2.000", "USD 5,000")],
    ),
    (
        "Laporkan SPT Tahunan badan paling lambat 4 bulan setelah akhir tahun pajak.",
        "SPT Tahunan badan dilaporkan paling lambat tiga bulan setelah tahun pajak berakhir.",
        [("4 bulan", "tiga bulan")],
    ),
    (
        "Terlambat lapor SPT badan didenda Rp1 juta (Pasal 7 UU KUP).",
        "Dendanya Rp100.000, lihat Pasal 7 ayat (1) UU KUP.",
        [("Rp1 juta", "Rp100.000")],
    ),
    (
        "Konvensi nama merek diatur UU 20/2016; perlindungannya 10 tahun.",
        "Merek dilindungi sepuluh tahun dan bisa diperpanjang, lihat UU Nomor 20 Tahun 2016.",
        [],
    ),
    (
        "Akta notaris Rp4 juta, NIB gratis, virtual office Rp6 juta per tahun.",
        "Totalnya sekitar Rp10 juta: akta Rp4.000.000 dan virtual office Rp6.000.000.",
        [],
    ),
    (
        "Tenaga kerja asing bayar DKPTKA USD 100 per bulan, jadi USD 1.200 setahun.",
        "DKPTKA-nya USD 100 per orang per bulan.",
        [],
    ),
    (
        "Prosesnya 10 hari kerja, biayanya Rp12 juta, masa berlaku 1 tahun.",
        "Berlaku 12 bulan; biaya 12 juta rupiah; kira-kira dua minggu jadi.",
        [],
    ),
    (
        "Kena PPh final 10% untuk sewa tanah dan bangunan.",
        "Sewa tanah kena PPN 11% selain PPh final 10%.",
        [],
    ),
    (
        "Anak di bawah 2 tahun gratis, dewasa Rp500.000.",
        "Tiket dewasa Rp500.000 dan anak Rp250.000.",
        [],
    ),
    (
        "Kantor buka 8 jam sehari, 5 hari seminggu.",
        "Pengajuan diproses 3 hari kerja.",
        [],
    ),
    (
        "Ibu bisa pakai visa kunjungan 60 hari, boleh diperpanjang dua kali 60 hari.",
        "Visa kunjungan 60 hari, perpanjangan sampai total 180 hari.",
        [],
    ),
    (
        "Pembayaran DP 50% di depan, sisanya setelah selesai.",
        "DP 30% dulu ya Kak, pelunasan 70% setelah visa terbit.",
        [("50%", "30%")],
    ),
    (
        "Biaya Rp17.000.000 offshore, Rp19.000.000 onshore.",
        "Offshore Rp17.000.000, onshore Rp20.000.000.",
        [("Rp19.000.000", "Rp20.000.000")],
    ),
    (
        "Menurut PP No. 35 Tahun 2021, kompensasi PKWT sebulan upah per tahun.",
        "Menurut PP 36/2021, kompensasi PKWT sebulan upah per tahun.",
        [("PP No. 35 Tahun 2021", "PP 36/2021")],
    ),
    (
        "Jangka waktu kontrak PKWT paling lama 5 tahun.",
        "PKWT maksimal dua tahun, diperpanjang satu tahun.",
        [("5 tahun", "dua tahun")],
    ),
    (
        "Lembur jam pertama dibayar 1,5 kali upah sejam, maksimal 4 jam sehari.",
        "Lembur maksimal 3 jam sehari dan 14 jam seminggu.",
        [("4 jam", "3 jam")],
    ),
]

# Told by mistake: the second text adds an alternative, which reads like another value.
MISTAKEN: list[Case] = [
    (
        "Paspor Anda harus berlaku minimal 18 bulan untuk KITAS 1 tahun.",
        "Paspor berlaku sekurang-kurangnya 18 bulan, pas foto, tiket. KITAS 2 tahun juga ada.",
        [],
    ),
]

AGREEING: list[Case] = [
    (mine, theirs, [])
    for mine, theirs in [
        ("Modal minimal Rp10 miliar.", "Modalnya 10.000.000.000 rupiah."),
        ("Modal minimal Rp10 miliar.", "Modalnya 10 M, rupiah penuh."),
        ("Biayanya lima juta rupiah.", "Biaya Rp 5jt."),
        ("Berlaku 12 bulan.", "Masa berlakunya 1 tahun."),
        ("Tinggal paling lama 2 bulan.", "Masa tinggal 60 hari."),
        ("Masa tinggal 180 hari.", "Boleh menetap 6 bulan."),
        ("Selesai dalam 1 minggu.", "Proses 7 hari."),
        ("Proses 5 hari kerja.", "Proses sekitar 1 minggu."),
        ("Prosesnya 30-45 hari.", "Proses 30 hari."),
        ("Prosesnya 30-45 hari.", "Proses sekitar 40 sampai 60 hari."),
        ("Selesai 1 x 24 jam.", "Selesai dalam 1 hari."),
        ("Perpanjangan 2 x 30 hari.", "Dapat diperpanjang hingga 60 hari."),
        ("Perpanjangan 2 x 30 hari.", "Diperpanjang dua kali, masing-masing 30 hari."),
        ("PPN 11%.", "PPN sebesar sebelas persen."),
        ("Diatur UU 25/2007.", "Lihat Pasal 5 Undang-Undang No. 25 Tahun 2007."),
        ("Lihat Pasal 33 UU 25/2007.", "Lihat Pasal 33 ayat (1)."),
        ("Dipotong PPh 21.", "Dipotong PPh Pasal 21."),
        ("Dasarnya UU No. 6 Tahun 2011.", "Dasarnya Permenkumham No. 22 Tahun 2023."),
        ("Diatur UU Cipta Kerja Pasal 5.", "Diatur Pasal 5 UU No. 6 Tahun 2023."),
        # Of different things.
        ("Modal Rp10 miliar.", "Biaya pengurusannya Rp25 juta."),
        ("Paspor berlaku minimal 6 bulan.", "Visa berlaku 60 hari."),
        ("Proses 5 hari.", "Masa tinggal 60 hari."),
        ("Biaya USD 350.", "Biayanya sekitar Rp5,5 juta."),
        ("Tarif PPN 11%.", "Tarif PPh 22 impor 2,5%."),
        ("Bunga 2% per bulan.", "Kepemilikan asing 49%."),
        ("KITAS 1 tahun.", "KITAP 5 tahun."),
        ("Visa C1 60 hari.", "Visa D1 5 tahun."),
        ("Tarifnya 11%.", "Prosesnya 5 hari kerja."),
        # More of the same.
        ("Biaya Rp5 juta.", "Biaya Rp5 juta, notaris Rp2 juta, dan meterai Rp10.000."),
        ("Masa tinggal 30 hari.", "Masa tinggal 30 hari, diperpanjang 30 hari, total 60 hari."),
        ("Masa tinggal total 60 hari.", "30 hari, diperpanjang 30 hari, jadi total 60 hari."),
        ("Biaya Rp2 juta.", "Bukan hanya Rp2 juta, tetapi juga deposit Rp20 juta."),
        ("Modal Rp10 miliar.", "Bukan Rp2,5 miliar, melainkan Rp10 miliar."),
        ("Dokumennya paspor dan foto.", "Biayanya Rp5 juta dan prosesnya 5 hari."),
        ("", "Biayanya Rp5 juta."),
        ("PPh 21 dan PPh 23.", "PPh Pasal 23 untuk jasa."),
        ("Lihat Pasal 5 dan Pasal 7 UU 40/2007.", "Lihat Pasal 7 UU 40/2007."),
        ("Dewasa Rp500.000.", "Anak Rp250.000."),
        ("Sewa kantor Rp50 juta, modal Rp10 miliar.", "Modal Rp10 miliar, gaji Rp6 juta."),
        ("Denda Rp1 juta per hari, lewat 60 hari dideportasi.", "Denda Rp1.000.000 sehari, Kak."),
    ]
]  # fmt: skip
