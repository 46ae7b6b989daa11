"""Gemini through google-genai: with an API key, or on Vertex in a project.

Tuned models have an endpoint, a resource name, in place of a model name. They are served on Vertex
alone, in the region that the name bears and not in the one where they were trained.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from tuning.providers.base import (
    Chunk,
    Completion,
    CompletionRequest,
    ProviderError,
    Trouble,
    Usage,
    failure,
    pause,
    quoted,
    texts,
    twice,
)

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.genai import Client
    from google.genai.types import GenerateContentConfig, GenerateContentResponse

_RESOURCE = re.compile(r"projects/[^/]+/locations/([^/]+)/")
_CONNECTIONS = 64
"""Idle connections that are kept; more are opened as needed."""
_WITHHELD = {
    "BLOCKLIST",
    "ESCALATION",
    "LANGUAGE",
    "MODEL_ARMOR",
    "PROHIBITED_CONTENT",
    "PUP_LIMITED_DISABLED",
    "RECITATION",
    "SAFETY",
    "SPII",
}
_CUT = {"CONTINUATION", "MAX_TOKENS"}
_making = threading.Lock()


class GeminiProvider:
    """`timeout` is in seconds; `credentials` default to those of the machine (Vertex).

    `addresses` are origins of Vertex's locations that are not Google's own; a key never goes there.
    """

    def __init__(
        self,
        model: str,
        api_key: str = "",
        project: str = "",
        location: str = "",
        base_url: str = "",
        *,
        timeout: float = 60.0,
        credentials: Credentials | None = None,
        addresses: Mapping[str, str] | None = None,
    ) -> None:
        tuned = _RESOURCE.match(model)
        self.model = model
        self.project = project if tuned or not api_key else ""
        self.location = tuned[1] if tuned else location or "global"
        self._key = "" if tuned or self.project else api_key
        elsewhere = (addresses or {}).get(self.location, "") if not self._key else ""
        self._base_url = base_url or elsewhere
        self._timeout, self._credentials = timeout, credentials

    def complete(self, request: CompletionRequest) -> Completion:
        from google.genai.types import ContentListUnionDict

        client, config = self._client(), _config(request)
        contents = cast(ContentListUnionDict, _contents(request))

        def ask() -> GenerateContentResponse:
            with self._translated(request):
                return client.models.generate_content(
                    model=self.model, contents=contents, config=config
                )

        answer = twice(ask)
        text, reason = _piece(answer)
        if not answer.candidates and not reason:
            raise _strange()
        return Completion(text, finish_reason=reason or "stop", usage=_usage(answer))

    def stream(self, request: CompletionRequest) -> Iterator[Chunk]:
        # The SDK closes its connections when nobody holds the client any more.
        client = self._client()
        pieces, first = twice(lambda: self._begin(client, request))
        reason, usage = "", None
        try:
            with self._translated(request):
                for answer in chain(first, pieces):
                    text, ended = _piece(answer)
                    reason, usage = ended or reason, _usage(answer) or usage
                    if text:
                        yield Chunk(text)
        finally:
            pieces.close()
        if not reason:
            raise ProviderError("the stream broke off", permanent=False)
        yield Chunk(finish_reason=reason, usage=usage)

    def _begin(
        self, client: Client, request: CompletionRequest
    ) -> tuple[Generator[GenerateContentResponse], list[GenerateContentResponse]]:
        """A stream and its first piece, if any: before it the SDK sends nothing."""
        from google.genai.types import ContentListUnionDict

        with self._translated(request):
            pieces = client.models.generate_content_stream(
                model=self.model,
                contents=cast(ContentListUnionDict, _contents(request)),
                config=_config(request),
            )
            first = [answer for answer in [next(pieces, None)] if answer is not None]
            return cast("Generator[GenerateContentResponse]", pieces), first

    def _client(self) -> Client:
        if not self._key and not self.project:
            missing = "neither GEMINI_API_KEY nor GEMINI_PROJECT_ID is set"
            if _RESOURCE.match(self.model):
                missing = "a tuned model needs GEMINI_PROJECT_ID; GEMINI_API_KEY can't reach it"
            raise ProviderError(missing, permanent=True)
        # Without it, threads that come first at once would each make a client with its connections.
        with self._translated(None), _making:
            return _client(
                os.getpid(),
                api_key=self._key,
                project=self.project,
                location=self.location,
                base_url=self._base_url,
                timeout=self._timeout,
                credentials=self._credentials,
            )

    @contextmanager
    def _translated(self, request: CompletionRequest | None) -> Iterator[None]:
        """The SDK's errors become ours; theirs are left behind, for they hold whole answers."""
        import httpx2
        from google.auth.exceptions import GoogleAuthError
        from google.genai import errors

        try:
            yield
        except errors.APIError as error:
            token = getattr(self._credentials, "token", None) or ""
            hidden = [self._key, token, *(texts(request) if request else [])]
            raise _refusal(error, hidden) from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _broken(error) from None
        except GoogleAuthError as error:
            raise _locked_out(error) from None
        except (errors.ContinuationInterruptedError, ValueError):
            raise _strange() from None


@lru_cache(maxsize=32)
def _client(
    process: int,
    *,
    api_key: str,
    project: str,
    location: str,
    base_url: str,
    timeout: float,
    credentials: Credentials | None,
) -> Client:
    """The client of a configuration, one a process, which threads share.

    Project and location are named even with a `base_url`, and `enterprise` even where it is false:
    otherwise the environment decides, and a request may go to another host.
    """
    import httpx2
    from google.genai import Client, types

    # By default the hundred and first stream would wait for one of the hundred to end.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=_CONNECTIONS)
    options = types.HttpOptions(
        base_url=base_url or None, timeout=int(timeout * 1000), client_args={"limits": limits}
    )
    if api_key:
        return Client(enterprise=False, api_key=api_key, http_options=options)
    return Client(
        enterprise=True,
        project=project,
        location=location,
        credentials=credentials,
        http_options=options,
    )


# --- what goes out -------------------------------------------------------------------------------
def _contents(request: CompletionRequest) -> list[dict[str, Any]]:
    turns = [*request.history, ("user", request.prompt)]
    return [
        {"role": "model" if role == "assistant" else "user", "parts": [{"text": words}]}
        for role, words in turns
    ]


def _config(request: CompletionRequest) -> GenerateContentConfig:
    from google.genai import types

    sampling = request.sampling
    return types.GenerateContentConfig(
        system_instruction=request.system or None,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_output_tokens=sampling.max_tokens,
        stop_sequences=list(sampling.stop) or None,
        # There are no tools; without this the SDK keeps every piece in case there were.
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )


# --- what comes back -----------------------------------------------------------------------------
def _piece(answer: GenerateContentResponse) -> tuple[str, str]:
    """(text, reason of the end or nothing) of an answer or of a piece of it, without thoughts."""
    if not answer.candidates:
        feedback = answer.prompt_feedback
        return "", "content_filter" if feedback and feedback.block_reason else ""
    candidate = answer.candidates[0]
    parts = (candidate.content.parts if candidate.content else None) or []
    text = "".join(part.text for part in parts if part.text and not part.thought)
    return text, _finish(candidate.finish_reason.value if candidate.finish_reason else "")


def _finish(reason: str) -> str:
    if reason in ("", "FINISH_REASON_UNSPECIFIED"):
        return ""
    if reason in _CUT:
        return "length"
    return "content_filter" if reason in _WITHHELD else "stop"


def _usage(answer: GenerateContentResponse) -> Usage | None:
    """Thoughts count as completion: they are paid for as such."""
    counted = answer.usage_metadata
    if counted is None:
        return None
    said = (counted.candidates_token_count or 0) + (counted.thoughts_token_count or 0)
    return Usage(counted.prompt_token_count or 0, said)


def _refusal(error: Any, hidden: list[str]) -> ProviderError:
    """Of google.genai's APIError; Google calls a wrong key a bad request."""
    details = error.details if isinstance(error.details, dict) else {}
    inner = details.get("error")
    told = inner if isinstance(inner, dict) else {}
    code = error.code if isinstance(error.code, int) else 500
    status = 401 if "API_KEY_INVALID" in str(told.get("details")) else code
    return failure(status, quoted(told.get("message", ""), hidden), _wanted(told))


def _wanted(told: dict[str, Any]) -> str:
    """Seconds that Google's RetryInfo asks for ('13s'), or nothing."""
    rows = told.get("details")
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return next((str(row["retryDelay"]).rstrip("s") for row in rows if "retryDelay" in row), "")


def _broken(error: Exception) -> ProviderError:
    import httpx2

    name = type(error).__name__
    if isinstance(error, httpx2.TimeoutException):
        return ProviderError(f"silence: {name}", permanent=False, trouble=Trouble.TIMEOUT)
    # Once the request is on its way it may have been heard: only an unmade connection is retried.
    again = pause() if isinstance(error, httpx2.ConnectError) else None
    return ProviderError(f"no connection: {name}", permanent=False, again=again)


def _locked_out(error: Exception) -> ProviderError:
    from google.auth.exceptions import TransportError

    message = f"no Google credentials: {type(error).__name__}"
    return ProviderError(message, permanent=not isinstance(error, TransportError))


def _strange() -> ProviderError:
    return ProviderError("an answer that is not Gemini's protocol", permanent=False)
