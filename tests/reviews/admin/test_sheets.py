"""Import and export of CSV and XLSX in the admin: upload, preview, confirmation; download."""

from __future__ import annotations

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reviews import sheets
from reviews.admin import sheets as pages
from reviews.domain import assistants, corrections, imports
from reviews.models import Correction, ImportRun, Pair, Question
from reviews.sheets import workbook
from reviews.sheets.columns import PAIRS
from tests import factories

pytestmark = pytest.mark.django_db
MODELS = ("question", "pair", "correction")
HEADER = ["Question", "Answer"]


@pytest.fixture(autouse=True)
def _in_english(settings):
    settings.LANGUAGE_CODE = "en"


def url(name: str, model: str = "pair") -> str:
    return reverse(f"admin:reviews_{model}_{name}")


def sheet(*rows, name="csv", header=HEADER):
    file = io.BytesIO()
    sheets.write(name, header, list(rows), file)
    return SimpleUploadedFile(f"meja.{name}", file.getvalue())


def preview(client, assistant, file, model="pair"):
    body = {"assistant": assistant.pk, "import_file": file, "format": ""}
    return client.post(url("import", model), body)


def confirm(client, page, model="pair", **changes):
    form = page.context["confirm_form"]
    body = {field.html_name: field.value() for field in form}
    return client.post(url("process_import", model), body | changes)


def download(client, query="", name="xlsx", model="pair", **body):
    body |= {"format": sheets.NAMES.index(name), "resource": 0}
    return client.post(url("export", model) + query, body)


def content(response):
    rows = sheets.read(b"".join(response.streaming_content))
    return [cells for _number, cells in rows]


def texts(model=Pair):
    rows = model.objects.order_by("id")
    return list(rows.values_list("current_revision__input", "current_revision__output"))


# --- import --------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sheets.NAMES)
def test_a_curator_looks_at_a_file_and_then_imports_it(client, assistant, curator, name):
    factories.pair(assistant, "Apa itu NPWP?", "Nomor pajak.")
    client.force_login(curator)
    rows = [["Apa itu NIB?", "=1+1\r\nNomor."], ["Apa itu NPWP?", "Nomor pajak."], ["", "x"]]
    page = preview(client, assistant, sheet(*rows, name=name))
    report = page.context["result"].report
    assert (report.created, report.unchanged) == (1, 1)
    shown = page.content.decode()
    assert "Row 4</strong> Question: is empty" in shown
    assert "Import 1 row" in shown
    assert (Pair.objects.count(), ImportRun.objects.count()) == (1, 0)

    done = confirm(client, page)
    run = ImportRun.objects.get()
    assert done.url == reverse("admin:reviews_importrun_change", args=[run.pk])
    assert texts() == [("Apa itu NPWP?", "Nomor pajak."), ("Apa itu NIB?", "=1+1\r\nNomor.")]
    assert (run.source, run.file_name, run.by) == ("pairs-sheet", f"meja.{name}", curator)
    assert (run.created_count, run.unchanged_count) == (1, 1)
    assert run.refused == [{"line": 4, "reason": "Question: is empty"}]


def test_a_preview_speaks_the_readers_language(client, assistant, curator, settings):
    settings.LANGUAGE_CODE = "id"
    client.force_login(curator)
    page = preview(client, assistant, sheet(["", "x"], header=["Pertanyaan", "Jawaban"]))
    assert page.context["result"].report.refused[0].reason.startswith("Pertanyaan: ")


def test_a_file_with_nothing_new_offers_nothing_to_confirm(client, assistant, curator):
    client.force_login(curator)
    page = preview(client, assistant, sheet(header=["Kolom", "Lain"]))
    shown = page.content.decode()
    assert "Question, Answer: this column is missing" in shown
    assert "This file brings nothing new." in shown
    assert 'type="submit"' not in shown.split("This would happen")[1].split("</form>")[0]


def test_questions_and_corrections_are_imported_the_same_way(client, assistant, curator):
    client.force_login(curator)
    page = preview(client, assistant, sheet(["Apa itu NIB?"], header=["Question"]), "question")
    confirm(client, page, "question")
    header = ["Question", "Wrong answer", "Right answer", "Why it was wrong", "Lesson", "Category"]
    row = ["Modal?", "Rp2 miliar.", "Rp10 miliar.", "Lama.", "Cek tahun.", "company"]
    confirm(
        client,
        preview(client, assistant, sheet(row, header=header), "correction"),
        "correction",
    )
    assert list(Question.objects.values_list("text", flat=True)) == ["Apa itu NIB?", "Modal?"]
    found = Correction.objects.get()
    assert (found.status, found.pair.status, found.author) == ("finished", "in_review", curator)


def test_a_file_is_confirmed_once(client, assistant, curator):
    client.force_login(curator)
    page = preview(client, assistant, sheet(["Apa itu NIB?", "Nomor."]))
    confirm(client, page)
    again = confirm(client, page)
    assert (again.url, ImportRun.objects.count()) == (url("import"), 1)
    told = [str(message) for message in client.get(again.url).context["messages"]]
    assert told[-1] == (
        "The file is not kept any more, or was imported already. Please choose it again."
    )


def test_a_cache_that_is_away_is_told(client, assistant, curator, no_cache):
    client.force_login(curator)
    no_cache()
    page = preview(client, assistant, sheet(["Apa itu NIB?", "Nomor."]))
    assert (page.url, Pair.objects.count()) == (url("import"), 0)


@pytest.mark.parametrize("name", ["../../etc/passwd", "x", "/tmp/x", ""])
def test_no_file_is_read_by_its_name(client, assistant, curator, name):
    client.force_login(curator)
    page = preview(client, assistant, sheet(["Apa itu NIB?", "Nomor."]))
    assert confirm(client, page, import_file_name=name).url == url("import")
    assert Pair.objects.count() == 0


def test_a_file_that_is_too_large_is_refused(client, assistant, curator, monkeypatch):
    monkeypatch.setattr(pages, "MAX_FILE", 10)
    client.force_login(curator)
    page = preview(client, assistant, sheet(["Apa itu NIB?", "Nomor."]))
    assert page.context["form"].errors == {
        "import_file": ["At most 0 MB; larger files by command."]
    }


@pytest.mark.parametrize("model", MODELS)
def test_only_who_may_import_sees_and_does_it(client, assistant, reviewer, curator, model):
    client.force_login(reviewer)
    assert client.get(url("import", model)).status_code == 403
    assert preview(client, assistant, sheet(["a", "b"]), model).status_code == 403
    assert client.post(url("process_import", model)).status_code == 403
    assert url("import", model) not in client.get(url("changelist", model)).content.decode()
    client.force_login(curator)
    assert url("import", model) in client.get(url("changelist", model)).content.decode()
    assert client.get(url("import", model)).status_code == 200
    assert client.get(url("process_import", model)).url == url("import", model)


# --- export --------------------------------------------------------------------------------------
def test_what_was_exported_can_be_imported_into_another_assistant(
    client, assistant, curator, shared_data
):
    raw = (shared_data / "seeds/zantara_id_qa_alpaca.jsonl").read_bytes()
    imports.run(assistant, "alpaca", raw, file_name="seed")
    client.force_login(curator)
    response = download(client)
    assert response["Content-Type"] == sheets.MEDIA_TYPES["xlsx"]
    assert response["Content-Disposition"].startswith('attachment; filename="pairs-')
    raw = b"".join(response.streaming_content)
    other = assistants.ensure("lain", "Asisten Lain")
    confirm(client, preview(client, other, SimpleUploadedFile("x.xlsx", raw)))
    both = [
        sorted(rows.values_list("identity", "category__slug", "question__identity", "register"))
        for rows in (Pair.objects.filter(assistant=assistant), Pair.objects.filter(assistant=other))
    ]
    assert len(both[0]) > 200
    assert both[0] == both[1]


def test_an_export_has_the_lists_filters_and_its_search(client, assistant, reviewer):
    factories.pair(assistant, "Apa itu NIB?", "Nomor.")
    factories.approved(assistant, "Apa itu NPWP?", "Pajak.")
    client.force_login(reviewer)
    header = [column.label for column in PAIRS]
    for query, asked in (
        ("?status__exact=approved", ["Apa itu NPWP?"]),
        ("?q=Nomor", ["Apa itu NIB?"]),
        ("", ["Apa itu NIB?", "Apa itu NPWP?"]),
    ):
        assert client.get(url("export") + query).context["count"] == len(asked)
        found = content(download(client, query))
        assert found[0] == header
        assert [row[1] for row in found[1:]] == asked


def test_an_export_has_the_rows_that_were_ticked(client, assistant, reviewer):
    first, _second, third = [factories.pair(assistant) for _ in range(3)]
    client.force_login(reviewer)
    body = {"action": "export_admin_action", "_selected_action": [first.pk, third.pk]}
    page = client.post(url("changelist"), body)
    assert page.context["count"] == 2
    ticked = re.findall(r'name="export_items" value="(\d+)"', page.content.decode())
    found = content(download(client, export_items=ticked))
    assert [row[0] for row in found[1:]] == [str(first.pk), str(third.pk)]


def test_too_many_ticked_rows_are_refused(client, assistant, reviewer, monkeypatch):
    monkeypatch.setattr(pages, "MAX_SELECTED", 1)
    made = [factories.pair(assistant).pk for _ in range(2)]
    client.force_login(reviewer)
    body = {"action": "export_admin_action", "_selected_action": made}
    page = client.post(url("changelist"), body, follow=True)
    told = "At most 1 rows can be ticked. Filter the list and use “Export” above it."
    assert [str(message) for message in page.context["messages"]] == [told]


def test_questions_and_corrections_are_exported(client, assistant, reviewer):
    corrections.open_task(assistant, "Modal?", "Rp2 miliar.")
    factories.pair(assistant, "Apa itu NIB?", "Nomor.")
    client.force_login(reviewer)
    [_header, asked] = content(download(client, model="question", name="csv"))
    assert asked[:4] == ["Apa itu NIB?", "unsorted", "Yes", "bisnis"]
    [_header, wrong] = content(download(client, model="correction"))
    assert wrong[1:3] == ["Modal?", "Rp2 miliar."]


def test_a_text_that_xlsx_can_not_hold_is_named_and_csv_holds_it(client, assistant, reviewer):
    factories.pair(assistant)
    long = factories.pair(assistant, answer="x" * (workbook.MAX_CELL + 1))
    client.force_login(reviewer)
    page = download(client)
    told = (
        "Nothing was exported: XLSX holds 32,767 characters a cell, and these have more: "
        f"#{long.pk}. Choose CSV, which has no such limit."
    )
    assert [str(message) for message in page.context["messages"]] == [told]
    assert len(content(download(client, name="csv"))) == 3


def test_an_export_has_a_limit(client, assistant, reviewer, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_WRITTEN", 1)
    for _ in range(2):
        factories.pair(assistant)
    client.force_login(reviewer)
    assert "More than 1 rows: filter the list first." in client.get(url("export")).content.decode()
    told = [str(message) for message in download(client).context["messages"]]
    assert told == ["At most 1 rows an export: filter the list first."]


@pytest.mark.parametrize("model", MODELS)
def test_only_who_may_see_the_rows_exports_them(client, assistant, django_user_model, model):
    user = django_user_model.objects.create_user("tamu", password="x", is_staff=True)
    client.force_login(user)
    assert client.get(url("export", model)).status_code == 403
    assert download(client, model=model).status_code == 403
