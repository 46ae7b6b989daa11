"""The contract of a provider. Providers know no models and no statuses of the hub."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

_Found = TypeVar("_Found")
_PASSING = {429, 502, 503, 504}
"""HTTP statuses after which the same server may answer a moment later."""
_JITTER, _LONGEST_PAUSE = (0.05, 0.3), 1.0
"""Seconds before the second try, and the most that a server may ask for."""
_QUOTED, _TELLING = 200, 8
"""Characters of a server's words that an error holds; from how many on a text is kept out of it."""


class Trouble(StrEnum):
    """Why no answer came."""

    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    """The request itself is wrong: too long, an option that the model does not take."""


class ProviderError(Exception):
    """No answer came. `permanent` says that asking again will not help.

    `again` are the seconds after which a second try at once is worth it; None: it is not.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        trouble: Trouble = Trouble.UNAVAILABLE,
        again: float | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent, self.trouble, self.again = permanent, trouble, again


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to generate; what is None is left to the provider."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A question with its earlier turns: (role, text), roles 'user' and 'assistant'."""

    prompt: str
    system: str = ""
    history: tuple[tuple[str, str], ...] = ()
    language: str = "id"
    sampling: Sampling = Sampling()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counts them; the embedded model counts words."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer; `declined` where it honestly says that it does not know.

    `finish_reason` is OpenAI's: stop, length or content_filter.
    """

    text: str
    declined: bool = False
    finish_reason: str = "stop"
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer. The last one bears `finish_reason`, and `usage` where it is known."""

    text: str = ""
    declined: bool = False
    finish_reason: str = ""
    usage: Usage | None = None


class ModelProvider(Protocol):
    def complete(self, request: CompletionRequest) -> Completion:
        """Answer, or raise ProviderError."""

    def stream(self, request: CompletionRequest) -> Iterator[Chunk]:
        """The answer piece by piece; ProviderError before the first piece or between two.

        Closing the iterator early gives back the connection.
        """


# --- what providers behind a network share -------------------------------------------------------
def pause(wanted: str = "") -> float | None:
    """Seconds before a second try; None where the server wants more than one (`Retry-After`)."""
    try:
        least = float(wanted or 0)
    except ValueError:
        return None
    return max(least, random.uniform(*_JITTER)) if least <= _LONGEST_PAUSE else None


def failure(status: int, said: str = "", wanted: str = "") -> ProviderError:
    """The error of an HTTP status, with what the server `said` and the pause that it `wanted`."""
    trouble = {
        400: Trouble.REJECTED,
        408: Trouble.TIMEOUT,
        413: Trouble.REJECTED,
        422: Trouble.REJECTED,
        429: Trouble.RATE_LIMITED,
    }.get(status, Trouble.UNAVAILABLE)
    permanent = status < 500 and status not in (408, 429)
    # A server repeats a wrong key, and its own breakdown comes as a page.
    told = said if 400 <= status < 500 and status not in (401, 403) else ""
    message = f"HTTP {status}: {told}" if told else f"HTTP {status}"
    again = pause(wanted) if status in _PASSING else None
    return ProviderError(message, permanent=permanent, trouble=trouble, again=again)


def quoted(said: object, hidden: Iterable[str]) -> str:
    """A server's words in a short line, without the key and the texts that it repeats."""
    line = str(said)
    for text in hidden:
        if len(text) >= _TELLING:
            for form in (text, repr(text)[1:-1], json.dumps(text)[1:-1]):
                line = line.replace(form, "…")
    return " ".join(line.split())[:_QUOTED]


def texts(request: CompletionRequest) -> list[str]:
    """What a request says: nothing of it belongs into an error."""
    return [request.prompt, request.system, *(words for _role, words in request.history)]


def twice(ask: Callable[[], _Found]) -> _Found:
    """What `ask` returns; where its trouble may pass at once, it is asked a second time."""
    try:
        return ask()
    except ProviderError as error:
        if error.again is None:
            raise
        time.sleep(error.again)
    return ask()
