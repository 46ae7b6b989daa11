from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reviews.models import ImportRun, Pair

pytestmark = pytest.mark.django_db
ADD = "admin:reviews_importrun_add"
ROWS = b'{"instruction": "Apa itu NIB?", "output": "Nomor Induk Berusaha."}\n{"output": "x"}\n'


def upload(client, assistant, **changes):
    file = SimpleUploadedFile("pairs.jsonl", ROWS)
    body = {"assistant": assistant.pk, "source": "alpaca", "file": file}
    return client.post(reverse(ADD), body | changes)


def test_a_curator_tries_a_file_and_then_imports_it(client, assistant, curator):
    client.force_login(curator)
    tried = upload(client, assistant, dry_run="on").context["report"]
    assert (tried.created, Pair.objects.count()) == (1, 0)
    done = upload(client, assistant).context["report"]
    assert (done.created, Pair.objects.count()) == (1, 1)
    row = ImportRun.objects.get()
    assert row.refused == [{"line": 2, "reason": "instruction: a text is needed"}]
    assert row.by == curator
    page = client.get(reverse("admin:reviews_importrun_change", args=[row.pk]))
    assert "instruction: a text is needed" in page.content.decode()


def test_reviewers_import_nothing(client, assistant, reviewer):
    client.force_login(reviewer)
    assert upload(client, assistant).status_code == 403
