"""The widget's page and the stand-in that its votes go to."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser

import pytest
from drf_spectacular.generators import SchemaGenerator

from feedbackhub import docs
from reviews.models import Feedback
from tests.feedbackhub.conftest import Caller, problem

PAGE = "/docs/widget/"
ID = "0190163d-8694-7e4f-9a3b-1f6d5a2c7e10"


class Parts(HTMLParser):
    """What a strict policy would refuse, and the text of the examples."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        if tag in ("script", "link"):
            self.sources.append(str(given.get("src") or given.get("href")))


def voted(caller: Caller, outcome: str, body: object) -> object:
    return caller.post(f"{PAGE}try/{outcome}/api/v1/ai/feedback/{ID}", body)


def test_the_page_keeps_its_own_strict_policy(client):
    response = client.get(PAGE)
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    parts = Parts()
    parts.feed(response.text)
    assert parts.inline == []
    names = ("thumb.svg", "docs.css", "thumbs.js", "docs.js")
    assert parts.sources == [f"/static/feedbackhub/{name}" for name in names]
    assert [client.get(source).status_code for source in parts.sources] == [200] * 4


@pytest.mark.parametrize(("asked", "given"), [("id", "id"), ("it-CH", "it"), ("fr", "id")])
def test_the_page_speaks_the_reader_s_language(client, asked, given):
    page = client.get(PAGE, headers={"accept-language": asked}).text
    assert f'<html lang="{given}">' in page
    assert page.count(f'<option value="{given}" selected>') == 1


def test_its_examples_name_the_hub_s_own_address(client, settings):
    settings.ALLOWED_HOSTS = ["hub.example.com"]
    page = client.get(PAGE, headers={"host": "hub.example.com"}, secure=True).text
    assert "script-src https://hub.example.com; connect-src https://hub.example.com<" in page
    assert 'src="https://hub.example.com/static/feedbackhub/thumbs.js"' in page


@pytest.mark.parametrize(
    ("outcome", "status", "title"),
    [
        ("busy", 429, "throttled"),
        ("taken", 409, "Conflict"),
        ("late", 410, "Expired"),
        ("else", 404, "not found"),
    ],
)
def test_the_stand_in_refuses_as_the_hub_does(nobody, outcome, status, title):
    response = voted(nobody, outcome, {"is_positive": True})
    assert (response.status_code, problem(response)["title"]) == (status, title)
    assert response.headers.get("Retry-After") == ("2" if outcome == "busy" else None)


def test_the_stand_in_stores_nothing_from_anybody(nobody, api):
    for caller in (nobody, api):
        response = voted(caller, "stored", {"is_positive": False, "comment": "Salah"})
        stored = {"ok": True, "request_id": ID, "is_positive": False}
        assert (response.status_code, response.json()) == (201, stored)
    assert Feedback.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"is_positive": "yes"}, 422),
        ({"thumb": True}, 422),
        (b"{", 400),
        (b'"' + b"x" * docs.Try.max_body + b'"', 413),
    ],
)
def test_the_stand_in_reads_no_more_than_a_vote(nobody, body, status):
    assert voted(nobody, "stored", body).status_code == status


def test_the_stand_in_is_no_part_of_the_api():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    assert [path for path in schema["paths"] if path.startswith("/docs")] == []


# --- the client ----------------------------------------------------------------------------------
def test_the_client_comes_as_a_file_that_runs_alone(client, tmp_path):
    response = client.get("/docs/feedbackhub_client.py")
    assert response.headers["Content-Type"] == "text/x-python; charset=utf-8"
    (tmp_path / "feedbackhub_client.py").write_bytes(response.content)
    code = "import sys, feedbackhub_client as c; print(c.Hub.__name__, 'django' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["Hub", "False"]
