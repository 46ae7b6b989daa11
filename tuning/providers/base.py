"""The contract of a provider. Providers know no models and no statuses of the hub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Trouble(StrEnum):
    """Why no answer came."""

    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    """The request itself is wrong: too long, an option that the model does not take."""


class ProviderError(Exception):
    """No answer came. `permanent` says that asking again will not help."""

    def __init__(
        self, message: str, *, permanent: bool, trouble: Trouble = Trouble.UNAVAILABLE
    ) -> None:
        super().__init__(message)
        self.permanent, self.trouble = permanent, trouble


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
