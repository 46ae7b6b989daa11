"""Google's two services, Vertex AI and Cloud Storage, through their own clients; errors are ours.

`GEMINI_ADDRESSES` puts another origin in the place of a location's own (or of `storage`): a private
endpoint, or a stand-in. Whoever sets it sends the machine's Google credentials there.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from http.client import responses
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.utils.translation import gettext_noop

from tuning.backends.base import BackendError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.cloud.storage import Bucket
    from google.genai import Client

log = logging.getLogger("hub.vertex")
STORAGE = "storage"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
SECONDS = 60
"""Without an answer, a call counts as lost. Shorter than the lease of a look at a run."""
_PASSING = {408, 409, 429, 499}
"""HTTP statuses below 500 after which the same call may do."""
_LONGEST = 500
"""Characters of the service's words that an error holds."""
_making = threading.Lock()


@dataclass(frozen=True, slots=True)
class Google:
    """Where the hub tunes. `credentials` default to those of the machine."""

    project: str
    bucket_name: str
    addresses: Mapping[str, str]
    credentials: Credentials | None = None

    @classmethod
    def configured(cls) -> Self:
        return cls(settings.GEMINI_PROJECT_ID, settings.GEMINI_BUCKET, settings.GEMINI_ADDRESSES)

    def vertex(self, location: str) -> Client:
        """The client of a location. What is served in another one has another client."""
        with translated(), _making:
            address = self.addresses.get(location, "")
            return _vertex(os.getpid(), self.project, location, address, self.credentials)

    def bucket(self) -> Bucket:
        from google.cloud.storage import Client

        address = self.addresses.get(STORAGE)
        options = {"api_endpoint": address} if address else None
        with translated():
            client = Client(
                project=self.project, credentials=self.credentials, client_options=options
            )
            return client.bucket(self.bucket_name)

    def ask(
        self, method: str, location: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer of Vertex's REST interface, for what google-genai has no call.

        `path` is a resource's name, perhaps with a verb (`…/endpoints/7:undeployModel`).
        """
        from google.auth.transport import requests as transport

        untyped: Any = transport
        origin = self.addresses.get(location) or _origin(location)
        with translated(), untyped.AuthorizedSession(self._own()) as session:
            answer = session.request(method, f"{origin}/v1/{path}", json=body, timeout=SECONDS)
            found = json.loads(answer.content) if answer.ok else _body(answer)
            if not answer.ok:
                raise _refused(answer.status_code, _told(found), "")
            if not isinstance(found, dict):
                raise ValueError
            return found

    def _own(self) -> Credentials:
        if self.credentials:
            return self.credentials
        import google.auth

        return google.auth.default(scopes=[_SCOPE])[0]


def _origin(location: str) -> str:
    """Google's own address of a location; the multi-regions have one of another form."""
    if location in ("us", "eu"):
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


@lru_cache(maxsize=32)
def _vertex(
    process: int, project: str, location: str, address: str, credentials: Credentials | None
) -> Client:
    """One client a process and location: it must outlive its calls, and reads credentials once.

    Project and location are named even with an address: otherwise the environment decides. Retries
    are off: a create that is sent twice makes two jobs.
    """
    from google.genai import Client, types

    return Client(
        enterprise=True,
        project=project,
        location=location,
        credentials=credentials,
        http_options=types.HttpOptions(
            base_url=address or None,
            timeout=SECONDS * 1000,
            retry_options=types.HttpRetryOptions(attempts=1),
            client_args={"event_hooks": {"response": [_is_whole]}},
        ),
    )


def _is_whole(answer: Any) -> None:
    """ValueError where a good answer is no JSON object: the SDK takes a body that got lost for an
    empty one, so a list of jobs would look as if the run's were not there, and another be paid."""
    if answer.status_code == HTTPStatus.OK and not isinstance(json.loads(answer.read()), dict):
        raise ValueError


# --- what goes wrong -----------------------------------------------------------------------------
@contextmanager
def translated() -> Iterator[None]:
    """The libraries' errors become BackendError, permanent where asking again will not help."""
    import httpx2
    import requests
    from google.api_core import exceptions as storage
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.cloud.storage.exceptions import DataCorruption
    from google.genai import errors

    try:
        yield
    except errors.APIError as error:
        raise _refused(error.code, _told(error.details) or error.message, _wait(error)) from None
    except storage.RetryError as error:
        raise _gave_up(error) from None
    except storage.GoogleAPICallError as error:
        raise _refused(error.code, _of_storage(error), "") from None
    except GoogleAuthError as error:
        passing = error.retryable or isinstance(error, TransportError)
        raise _locked_out(error, permanent=not passing) from None
    except (httpx2.HTTPError, requests.RequestException, DataCorruption) as error:
        raise _broken(error) from None
    except ValueError:
        # What is no JSON, and JSON of another shape.
        reason = gettext_noop("an answer that is not Google's protocol")
        raise BackendError(reason, permanent=False) from None


def line(said: object) -> str:
    """The service's words as one short line."""
    return " ".join(str(said).split())[:_LONGEST]


def _told(details: Any) -> str:
    """The message of Google's error object, or nothing."""
    inner = details.get("error") if isinstance(details, dict) else None
    return str(inner.get("message", "")) if isinstance(inner, dict) else ""


def _wait(error: Any) -> str:
    """What Google's RetryInfo asks for ('13s'), or nothing."""
    inner = error.details.get("error") if isinstance(error.details, dict) else None
    rows = inner.get("details") if isinstance(inner, dict) else None
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return next((line(row["retryDelay"]) for row in rows if "retryDelay" in row), "")


def _body(answer: Any) -> Any:
    """The JSON of an answer, or nothing where it has none."""
    try:
        return answer.json()
    except (AttributeError, ValueError):
        return None


def _of_storage(error: Any) -> str:
    """Its own message repeats the address and the body: the words alone, where they are there."""
    return _told(_body(error.response)) or str(error.message)


def _refused(code: Any, said: Any, wait: str) -> BackendError:
    status = int(code) if isinstance(code, int) else 500
    # A breakdown comes as a page of HTML, which tells nobody anything.
    words = "" if str(said or "").lstrip().startswith("<") else line(said or "")
    reason = gettext_noop("Google answered %(status)s: %(said)s")
    if wait:
        reason = gettext_noop("Google answered %(status)s: %(said)s; it asks to wait %(wait)s")
    # The SDK takes a 201 for an error, too; what was asked for may be there.
    permanent = 400 <= status < 500 and status not in _PASSING
    values = {"status": status, "said": words or responses.get(status, ""), "wait": wait}
    return BackendError(reason, permanent=permanent, values=values)


def _gave_up(error: Any) -> BackendError:
    """Storage's client has tried again for a while; what it saw last is told."""
    answer = getattr(error.cause, "response", None)
    if answer is not None:
        return _refused(answer.status_code, "", "")
    return _broken(error.cause or error)


def _broken(error: BaseException) -> BackendError:
    reason = gettext_noop("no answer from Google (%(error)s)")
    return BackendError(reason, permanent=False, values={"error": type(error).__name__})


def _locked_out(error: Exception, *, permanent: bool) -> BackendError:
    """Google's words name files of this machine, and what a token server answered: they are for
    whoever reads the log."""
    log.warning("no Google credentials that work", exc_info=error)
    reason = gettext_noop("no Google credentials that work (%(error)s); the log says more")
    return BackendError(reason, permanent=permanent, values={"error": type(error).__name__})
