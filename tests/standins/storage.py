"""Google Cloud Storage as far as uploads go: multipart and resumable, preconditions, checksums."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from urllib.parse import unquote

import google_crc32c

from tests.standins.server import UNAUTHENTICATED, Received, Reply, Server, error

_OBJECTS = re.compile(r"/upload/storage/v1/b/([^/]+)/o")
_OBJECT = re.compile(r"/storage/v1/b/([^/]+)/o/(.+)")
_BUCKET = re.compile(r"/storage/v1/b/([^/]+)")
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_UNIT = 256 * 1024
"""A chunk that is not the last is a multiple of it."""
MISSING = error(404, "NOT_FOUND", "The specified object or bucket does not exist.")
TAKEN = error(412, "FAILED_PRECONDITION", "At least one of the pre-conditions did not hold.")
DAMAGED = error(400, "INVALID_ARGUMENT", "The checksum does not match what was received.")


def crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.Checksum(data).digest()).decode()


@dataclass
class _Upload:
    """A resumable one that has begun."""

    about: dict[str, str]
    precondition: str | None
    data: bytes = b""


class Storage(Server):
    """One bucket. `objects` are its contents by name."""

    def __init__(self, bucket: str = "ember-uji", port: int = 0) -> None:
        super().__init__(port)
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self._uploads: dict[str, _Upload] = {}

    def answer(self, request: Received) -> Reply:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return UNAUTHENTICATED
        for pattern, act in ((_OBJECTS, self._upload), (_OBJECT, self._object)):
            if found := pattern.fullmatch(request.path):
                return act(request, found) if found[1] == self.bucket else MISSING
        found = _BUCKET.fullmatch(request.path)
        if request.method == "GET" and found and found[1] == self.bucket:
            about = {"kind": "storage#bucket", "id": self.bucket, "name": self.bucket}
            return Reply(body=about | {"location": "US-CENTRAL1", "projectNumber": "123456789012"})
        return MISSING

    def _object(self, request: Received, found: re.Match[str]) -> Reply:
        name = unquote(found[2])
        there = request.method == "GET" and name in self.objects
        return Reply(body=self._resource(name)) if there else MISSING

    def _resource(self, name: str) -> dict[str, str]:
        data = self.objects[name]
        return {
            "kind": "storage#object",
            "bucket": self.bucket,
            "name": name,
            "size": str(len(data)),
            "crc32c": crc32c(data),
            "generation": "1795225887093511",
        }

    # --- uploads -----------------------------------------------------------------------------
    def _upload(self, request: Received, _found: re.Match[str]) -> Reply:
        kind = request.query.get("uploadType")
        if request.method == "PUT" and request.query.get("upload_id") in self._uploads:
            return self._continue(request)
        if request.method == "POST" and kind == "multipart":
            return self._multipart(request)
        if request.method == "POST" and kind == "resumable":
            return self._begin(request)
        return error(400, "INVALID_ARGUMENT", f"no such upload: {kind}")

    def _multipart(self, request: Received) -> Reply:
        boundary = re.search(r'boundary="?([^";]+)', request.headers["content-type"])[1].encode()
        _before, about, content, _end = (
            part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
            for part in request.body.split(b"--" + boundary)
        )
        return self._store(json.loads(about), request.query.get("ifGenerationMatch"), content)

    def _begin(self, request: Received) -> Reply:
        upload = _Upload(request.json, request.query.get("ifGenerationMatch"))
        if self._refused(upload.about["name"], upload.precondition):
            return TAKEN
        key = f"unggah-{len(self._uploads) + 1}"
        self._uploads[key] = upload
        query = f"uploadType=resumable&upload_id={key}"
        return Reply(headers={"Location": f"{self.origin}{request.path}?{query}"})

    def _continue(self, request: Received) -> Reply:
        upload = self._uploads[request.query["upload_id"]]
        place = _RANGE.fullmatch(request.headers.get("content-range", ""))
        if place is None or (place[1] and int(place[1]) != len(upload.data)):
            return error(400, "INVALID_ARGUMENT", "Invalid Content-Range.")
        upload.data += request.body
        if place[3] != "*" and len(upload.data) == int(place[3]):
            about = dict(upload.about)
            for word in request.headers.get("x-goog-hash", "").split(","):
                name, _sign, value = word.strip().partition("=")
                about |= {"crc32c": value} if name == "crc32c" else {}
            return self._store(about, upload.precondition, upload.data)
        if len(upload.data) % _UNIT:
            return error(400, "INVALID_ARGUMENT", "A chunk must be a multiple of 256 KiB.")
        return Reply(308, headers={"Range": f"bytes=0-{len(upload.data) - 1}"})

    def _refused(self, name: str, precondition: str | None) -> bool:
        return precondition == "0" and name in self.objects

    def _store(self, about: dict[str, str], precondition: str | None, data: bytes) -> Reply:
        if self._refused(about["name"], precondition):
            return TAKEN
        if about.get("crc32c", crc32c(data)) != crc32c(data):
            return DAMAGED
        self.objects[about["name"]] = data
        return Reply(body=self._resource(about["name"]))
