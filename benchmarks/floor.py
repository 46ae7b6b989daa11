"""What everything is measured against: a bare Django view that inserts one row, and nothing else.

No middleware, no REST framework, no key, no log line; the same model, database and server.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

application = get_wsgi_application()

from reviews.models import Assistant, Feedback  # noqa: E402  # models need Django set up

_assistant: list[int] = []


def insert(request: HttpRequest) -> HttpResponse:
    body = json.loads(request.body)
    if not _assistant:
        _assistant.append(Assistant.objects.values_list("pk", flat=True)[0])
    now = datetime.now(UTC)
    row = Feedback(
        request_id=uuid.uuid4(),
        assistant_id=_assistant[0],
        request_type="chat",
        prompt=body["prompt"],
        response=body["response"],
        is_positive=body["is_positive"],
        asked_at=now,
        created_at=now,
    )
    row.save(force_insert=True)
    answer = json.dumps({"ok": True, "request_id": str(row.request_id)}).encode()
    # Without the middleware nobody else says it, and the server would send chunks.
    length = {"Content-Length": str(len(answer))}
    return HttpResponse(answer, content_type="application/json", status=201, headers=length)


urlpatterns = [path("insert", insert)]
