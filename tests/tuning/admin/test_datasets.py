"""A curator writes a rule, sees what it would freeze, freezes it and compares versions."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from reviews.domain import assistants, pairs, transitions
from reviews.enums import PairStatus
from reviews.models import Category
from tests import factories
from tests.tuning import making
from tuning.domain import datasets
from tuning.models import Dataset, DatasetMember, DatasetVersion, Export

pytestmark = pytest.mark.django_db
NOW = factories.NOW


@pytest.fixture
def desk(client, curator):
    client.force_login(curator)
    return client


@pytest.fixture
def dataset(assistant) -> Dataset:
    return datasets.ensure(assistant, datasets.EVERYTHING)


def url(model: str, name: str, *args: object) -> str:
    return reverse(f"admin:tuning_{model}_{name}", args=args)


def said(**changes: object) -> dict[str, object]:
    """A form as the browser sends it, with nothing chosen."""
    return {"name": "Data", "approvals": "0", "general_percent": "20"} | changes


def figures(page) -> list[int]:
    """Pairs, families and left out, as the preview shows them."""
    assert page.status_code == 200
    return [int(number) for number in re.findall(r"<dd>(\d+)</dd>", page.content.decode())[:3]]


# --- the rule ------------------------------------------------------------------------------------
def test_a_rule_is_saved_as_the_form_says_it(desk, assistant, dataset):
    tax = Category.objects.create(assistant=assistant, slug="pajak2", name="Pajak")
    other = assistants.ensure("lain", "Lain")
    body = said(
        registers=["formal", "casual"],
        sources=["golden"],
        categories=[tax.pk],
        general_assistants=[other.pk],
        approved_from="01/11/2026",
        min_rating="4",
        unanimous="on",
    )
    answer = desk.post(url("dataset", "change", dataset.pk), body)
    assert answer.status_code == 302, answer.context["errors"]
    dataset.refresh_from_db()
    assert (dataset.registers, dataset.languages, dataset.sources) == (
        ["formal", "casual"],
        [],
        ["golden"],
    )
    assert (dataset.min_rating, dataset.unanimous) == (4, True)
    assert dataset.approved_from.isoformat() == "2026-11-01"
    assert list(dataset.categories.all()) == [tax]
    assert list(dataset.general_assistants.all()) == [other]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("registers", "loud"),
        ("min_rating", "6"),
        ("approvals", "10"),
        ("general_percent", "101"),
        ("approved_to", "kemarin"),
        ("approved_from", "01/01/0001"),
        ("created_to", "31/12/9999"),
        ("categories", "99999"),
        ("general_categories", "9" * 30),
        ("general_assistants", "9" * 30),
        ("general_assistants", "9" * 5000),
        ("sources", "\0"),
    ],
)
def test_a_wrong_rule_is_refused_at_its_field(desk, dataset, field, value):
    page = desk.post(url("dataset", "change", dataset.pk), said(**{field: value}))
    assert list(page.context["adminform"].form.errors) == [field]
    preview = desk.post(url("dataset", "preview", dataset.pk), said(**{field: value}))
    assert preview.context["preview"] is None
    label = page.context["adminform"].form.fields[field].label
    (reason,) = preview.context["wrong"]
    assert reason.startswith(f"{label}: ")


def test_another_assistant_s_category_is_offered_once_its_assistant_is_ticked(
    desk, assistant, dataset
):
    other = assistants.ensure("lain", "Lain")
    python = Category.objects.create(assistant=other, slug="python", name="Python")
    factories.approved(other, category=python)
    factories.approved(assistant)
    body = said(categories=[python.pk], general_percent="100")
    refused = desk.post(url("dataset", "preview", dataset.pk), body)
    assert [reason.split(":")[0] for reason in refused.context["wrong"]] == ["Kategori"]
    taken = desk.post(
        url("dataset", "preview", dataset.pk), body | {"general_assistants": [other.pk]}
    )
    assert figures(taken) == [2, 2, 0]


# --- the preview ---------------------------------------------------------------------------------
def test_the_preview_follows_the_form_and_stores_nothing(desk, assistant, dataset):
    for register in ("formal", "casual", "casual"):
        factories.approved(assistant, register=register)
    address = url("dataset", "preview", dataset.pk)
    assert figures(desk.post(address, said())) == [3, 3, 0]
    assert figures(desk.post(address, said(registers=["casual"]))) == [2, 2, 0]
    dataset.refresh_from_db()
    assert dataset.registers == []
    assert DatasetVersion.objects.count() == 0


def test_a_new_dataset_is_previewed_before_it_has_a_name(desk, assistant):
    factories.approved(assistant)
    address = url("dataset", "preview_new")
    assert "<dd>" not in desk.post(address, said(name="")).content.decode()
    page = desk.post(address, said(name="", assistant=assistant.pk))
    assert figures(page) == [1, 1, 0]


def test_the_preview_tells_what_is_left_out_and_what_is_too_small(desk, assistant, dataset):
    other = assistants.ensure("lain", "Lain")
    pair = factories.approved(other, "Umum <b>?", "Ya.")
    dataset.general_assistants.add(other)
    page = desk.post(url("dataset", "preview", dataset.pk), said(general_assistants=[other.pk]))
    assert figures(page) == [0, 0, 1]
    text = page.content.decode()
    assert "Umum &lt;b&gt;?" in text
    assert url_of(pair) in text
    assert len(page.context["preview"].words) == 3


def url_of(pair) -> str:
    return reverse("admin:reviews_pair_change", args=[pair.pk])


def test_the_preview_needs_the_same_queries_however_many_pairs(
    desk, assistant, dataset, django_assert_num_queries
):
    address = url("dataset", "preview", dataset.pk)
    desk.post(address, said())
    for start, count in ((0, 2), (2, 18)):
        making.approved_many(assistant, count, start)
        making.frozen(assistant)
        factories.approved(assistant)
        with django_assert_num_queries(22):
            desk.post(address, said())


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("dataset", "preview"),
        ("dataset", "freeze_preview"),
        ("dataset", "freeze_now"),
        ("datasetversion", "leaks"),
        ("datasetversion", "left_out"),
        ("datasetversion", "differences"),
    ],
)
def test_a_reviewer_sees_none_of_it(client, reviewer, assistant, model, name):
    factories.approved(assistant)
    version = making.frozen(assistant)
    client.force_login(reviewer)
    pk = version.dataset_id if model == "dataset" else version.pk
    assert client.post(url(model, name, pk)).status_code == 403


# --- versions ------------------------------------------------------------------------------------
def test_a_version_is_frozen_on_top_of_another(desk, assistant, dataset):
    factories.approved(assistant, "Resmi?", register="formal")
    parent = making.frozen(assistant)
    desk.post(url("dataset", "change", dataset.pk), said(registers=["casual"]))
    factories.approved(assistant, "Santai?", register="casual")
    body = {"parent": parent.pk}
    assert figures(desk.post(url("dataset", "freeze_preview", dataset.pk))) == [1, 1, 0]
    assert figures(desk.post(url("dataset", "freeze_preview", dataset.pk), body)) == [2, 2, 0]
    answer = desk.post(url("dataset", "freeze_now", dataset.pk), body)
    version = DatasetVersion.objects.latest("pk")
    assert answer.url == url("datasetversion", "change", version.pk)
    assert (version.parent, version.size) == (parent, 2)
    page = desk.get(answer.url)
    assert [words for _name, words in page.context["rule"]] == ["santai", "20"]
    assert url("datasetversion", "change", parent.pk) in page.content.decode()


def test_a_version_of_another_assistant_is_no_parent(desk, assistant, dataset):
    other = assistants.ensure("lain", "Lain")
    factories.approved(other)
    factories.approved(assistant)
    parent = making.frozen(other)
    page = desk.post(url("dataset", "freeze_now", dataset.pk), {"parent": parent.pk})
    assert list(page.context["form"].errors) == ["parent"]
    assert dataset.versions.count() == 0
    # Nor is shown what would be frozen without it.
    page = desk.post(url("dataset", "freeze_preview", dataset.pk), {"parent": parent.pk})
    assert page.context["preview"] is None
    assert len(page.context["wrong"]) == 1


def test_a_version_without_general_data_says_so(desk, assistant, dataset):
    factories.approved(assistant)
    dataset.general_percent = 0
    dataset.save()
    version = making.frozen(assistant)
    page = desk.get(url("datasetversion", "change", version.pk))
    assert [words for _name, words in page.context["rule"]] == ["0"]


def test_a_leaking_version_names_its_pairs_and_writes_no_file(desk, assistant):
    making.approved_many(assistant, 20)
    for _number in range(20):
        factories.approved(assistant)
    version = making.frozen(assistant)
    page = desk.get(url("datasetversion", "leaks", version.pk))
    assert page.context["leaks"] == []
    taught = version.members.filter(part="train").first().revision.pair
    test = version.members.filter(part="test").first().revision.pair
    taught.question = test.question
    taught.save()
    page = desk.get(url("datasetversion", "leaks", version.pk))
    assert [leak.taught.pair for leak in page.context["leaks"]] == [taught.pk]
    assert url_of(test) in page.content.decode()
    address = url("datasetversion", "export", version.pk)
    answer = desk.post(address, {"format": "gemini"}, follow=True)
    assert Export.objects.count() == 0
    (message,) = answer.context["messages"]
    assert f"#{taught.pk}" in message.message


def test_what_was_left_out_is_listed_a_page_at_a_time(desk, assistant, dataset):
    other = assistants.ensure("lain", "Lain")
    for _number in range(4):
        factories.approved(assistant)
    for _number in range(61):
        factories.approved(other)
    dataset.general_assistants.add(other)
    version = datasets.freeze(dataset, now=NOW)
    assert version.general_count == 1
    address = url("datasetversion", "left_out", version.pk)
    shown = [len(desk.get(f"{address}?p={number}").context["page"]) for number in (1, 2)]
    assert shown == [50, 10]


def test_differences_are_shown_by_kind(desk, assistant, reviewer):
    rows = making.approved_many(assistant, 12)
    old = making.frozen(assistant)
    pairs.revise(rows[0], answer="Jawaban <i>baru.", by=reviewer, why="salah", now=NOW)
    transitions.move(rows[0], PairStatus.APPROVED, now=NOW)
    factories.approved(assistant, "Tambahan?")
    new = making.frozen(assistant)
    address = url("datasetversion", "differences", new.pk)
    page = desk.get(address, {"from": old.pk})
    assert page.context["total"] == 2
    changed = desk.get(address, {"from": old.pk, "kind": "changed"}).content.decode()
    assert "Jawaban &lt;i&gt;baru." in changed
    assert "Tambahan?" not in changed
    assert "Tambahan?" in desk.get(address, {"from": old.pk, "kind": "added"}).content.decode()


def test_differences_need_the_same_queries_however_many(desk, assistant, django_assert_num_queries):
    making.approved_many(assistant, 10)
    old = making.frozen(assistant)
    for count in (2, 15):
        for _number in range(count):
            factories.approved(assistant)
        new = making.frozen(assistant)
        address = url("datasetversion", "differences", new.pk)
        desk.get(address, {"from": old.pk})
        with django_assert_num_queries(10):
            desk.get(address, {"from": old.pk})


@pytest.mark.parametrize(
    ("given", "named"),
    [({"from": given}, "Versi sebelumnya") for given in ("", "x", "0", "9" * 30, "9" * 5000, "\0")]
    + [({"kind": "loud"}, "jenis"), ({"kind": "\0"}, "jenis")],
)
def test_a_comparison_with_nothing_is_refused_at_its_field(desk, assistant, given, named):
    factories.approved(assistant)
    version = making.frozen(assistant)
    address = url("datasetversion", "differences", version.pk)
    page = desk.get(address, {"from": version.pk} | given, follow=True)
    assert page.redirect_chain == [(url("datasetversion", "change", version.pk), 302)]
    (message,) = page.context["messages"]
    assert message.message.startswith(f"{named}: ")


def test_another_assistant_s_version_is_none_to_compare_with(desk, assistant):
    factories.approved(assistant)
    other = assistants.ensure("lain", "Lain")
    factories.approved(other)
    address = url("datasetversion", "differences", making.frozen(assistant).pk)
    assert desk.get(address, {"from": making.frozen(other).pk}).status_code == 302


def test_members_shown_on_the_page_are_few(desk, assistant):
    for _number in range(60):
        factories.approved(assistant)
    version = making.frozen(assistant)
    page = desk.get(url("datasetversion", "change", version.pk))
    assert len(page.context["members"]) == 20
    assert DatasetMember.objects.filter(version=version).count() == 60
