"""The contract of a provider. Providers know no models and no statuses of the hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class ProviderError(Exception):
    """No answer came. `permanent` says that asking again will not help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A question with its earlier turns: (role, text), roles 'user' and 'assistant'."""

    prompt: str
    system: str = ""
    history: tuple[tuple[str, str], ...] = ()
    language: str = "id"


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer; `declined` where it honestly says that it does not know."""

    text: str
    declined: bool = False


class ModelProvider(Protocol):
    def complete(self, request: CompletionRequest) -> Completion:
        """Answer, or raise ProviderError."""
