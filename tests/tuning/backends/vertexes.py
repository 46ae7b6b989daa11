"""A Vertex AI to tune on, and jobs for it: what tests of the backend share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from google.oauth2.credentials import Credentials

from reviews.formats import Example, gemini
from tests.standins.vertex import PROJECT, Vertex, credentials
from tuning.backends import Base, TrainingSpec
from tuning.backends.vertex_google import Google

BASE = Base(
    "gemini-3.5-flash",
    abilities=frozenset({"sft"}),
    tune_region="us-central1",
    serve_region="us",
    token_limit=131_072,
    adapter_sizes=(1, 2, 4, 8, 16),
    price=3.0,
)
ABLE = replace(
    BASE, name="gemini-2.5-flash", abilities=frozenset({"sft", "preference", "continuous"})
)
"""A base of the older generation, which allows preferences and to go on."""


def google(vertex: Vertex) -> Google:
    """The hub's way to it. Anonymous credentials are no good: the SDK refreshes them."""
    return Google(PROJECT, vertex.storage.bucket, vertex.addresses, Credentials(token="uji"))


def no_proxy(monkeypatch: Any) -> None:
    """A proxy of the developer's must not come between a client and a stand-in."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def configure(settings: Any, monkeypatch: Any, folder: Path, vertex: Vertex) -> None:
    """Have `backends.get("vertex")` tune on it, with credentials of its own."""
    no_proxy(monkeypatch)
    file = folder / "credentials.json"
    credentials(file, f"{vertex.tuning.origin}/token")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    settings.GEMINI_PROJECT_ID = PROJECT
    settings.GEMINI_BUCKET = vertex.storage.bucket
    settings.GEMINI_ADDRESSES = vertex.addresses


def lines(start: int, count: int) -> bytes:
    examples = (
        Example(f"Berapa biaya izin {n}?", f"Biayanya Rp{n} juta.", "Jawab singkat.")
        for n in range(start, start + count)
    )
    return b"".join(map(gemini.dumps, examples))


def spec(
    folder: Path, *, train: bytes | None = None, validation: bytes | None = None, **fields: Any
) -> TrainingSpec:
    """A job of eight examples and three held out, unless its files are given."""
    contents = {
        "train": lines(0, 8) if train is None else train,
        "validation": lines(8, 3) if validation is None else validation,
    }
    files = {}
    for part, content in contents.items():
        files[f"{part}_file"] = folder / f"{part}.jsonl"
        files[f"{part}_groups_file"] = folder / f"{part}.groups.txt"
        files[f"{part}_file"].write_bytes(content)
        families = "".join(f"izin-{n}\n" for n in range(content.count(b"\n")))
        files[f"{part}_groups_file"].write_text(families)
    fields = {"label": "hub-uji", "base": BASE} | fields
    return TrainingSpec(work_dir=folder / "jobs", **files, **fields)
