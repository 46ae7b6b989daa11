"""The gateway's answers, whole or in pieces, with fallback, count and context (G1, G2)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from reviews.domain import connections, contexts
from reviews.domain.errors import Unavailable
from reviews.models import Assistant, RequestType
from tuning.domain import answerers, routing
from tuning.enums import AnswerOutcome, Provider
from tuning.models import Answer, ModelVersion
from tuning.providers.base import (
    Chunk,
    Completion,
    CompletionRequest,
    ModelProvider,
    ProviderError,
    Sampling,
    Trouble,
)

log = logging.getLogger("hub.gateway")
T = TypeVar("T")
DEFAULT_SAMPLING = Sampling()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the gateway.

    `session` keeps a caller on one version and is never stored; `reference` asks for a serving
    version by name; `system` is the caller's own instruction, which follows the prompt version's.
    """

    prompt: str
    history: tuple[tuple[str, str], ...] = ()
    language: str = "id"
    session: str = ""
    reference: str = ""
    system: str = ""
    sampling: Sampling = DEFAULT_SAMPLING


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with the context that a vote on it needs."""

    context: contexts.Context
    completion: Completion


# --- places ---------------------------------------------------------------------------------------
class _Places:
    """How many answers of outside providers this process waits for."""

    def __init__(self) -> None:
        self._taken = 0
        self._guard = threading.Lock()

    def take(self) -> None:
        """Raises Unavailable where all are taken: votes and pages need threads, too."""
        with self._guard:
            if self._taken >= settings.GATEWAY_MAX_OPEN:
                raise Unavailable("too many answers are being waited for, try again in a moment")
            self._taken += 1

    def leave(self) -> None:
        with self._guard:
            self._taken -= 1

    @property
    def taken(self) -> int:
        return self._taken


places = _Places()


def _take_place(line: list[ModelVersion]) -> Callable[[], None]:
    """A place, where an outside provider may be asked; returns what leaves it again."""
    if all(version.base_model.provider == Provider.EXEMPLAR for version in line):
        return lambda: None
    places.take()
    return places.leave


def _failure(error: ProviderError) -> AnswerOutcome:
    """What a caller asked wrongly, such as an option that the model does not take, speaks against
    no version: else any caller could have one rolled back."""
    wrong = error.trouble is Trouble.REJECTED
    return AnswerOutcome.REJECTED if wrong else AnswerOutcome.FAILED


# --- an answer in the making ---------------------------------------------------------------------
def _note(version: ModelVersion, outcome: str, began: float, now: datetime) -> None:
    milliseconds = round((time.perf_counter() - began) * 1000)
    try:
        Answer.objects.create(version=version, at=now, milliseconds=milliseconds, outcome=outcome)
    except (DatabaseError, InterfaceError) as error:
        # The answer is there: it must not be lost because it could not be counted.
        log.error("answer not counted", extra={"error": repr(error)})


@dataclass(slots=True)
class _Making:
    """An answer from its question to its count."""

    assistant: Assistant
    request_type: RequestType
    asked: Asked
    now: datetime
    line: list[ModelVersion]
    request_id: str
    version: ModelVersion
    began: float = 0.0

    def request(self) -> CompletionRequest:
        own = [self.version.prompt.text, self.asked.system]
        return CompletionRequest(
            prompt=self.request_type.fill(self.asked.prompt),
            system="\n\n".join(part for part in own if part),
            history=self.asked.history,
            language=self.asked.language,
            sampling=self.asked.sampling,
        )

    def ask(self, call: Callable[[ModelProvider, CompletionRequest], T]) -> T:
        """What the first version says that does not fail; a failure counts against its version."""
        for place, version in enumerate(self.line, start=1):
            self.version, self.began = version, time.perf_counter()
            try:
                who = answerers.provider(version)
                connections.give_back()
                return call(who, self.request())
            except ProviderError as error:
                self.count(_failure(error))
                told = {"version": version.reference, "error": str(error)}
                log.warning("version failed", extra=told)
                if place == len(self.line):
                    raise
        raise AssertionError("a line of versions is never empty")

    def count(self, outcome: str) -> None:
        _note(self.version, outcome, self.began, self.now)

    def context(self, text: str, declined: bool) -> contexts.Context:
        return contexts.Context(
            request_id=self.request_id,
            assistant_id=self.assistant.pk,
            request_type=self.request_type.slug,
            prompt=self.asked.prompt,
            response=text,
            asked_at=self.now.isoformat(),
            history=[list(turn) for turn in self.asked.history],
            model_version=self.version.reference,
            prompt_version=str(self.version.prompt),
            language=self.asked.language,
            declined=declined,
        )

    def end(self, outcome: str, text: str = "", declined: bool = False) -> contexts.Context:
        """Count it, and keep what was answered for a vote."""
        self.count(outcome)
        context = self.context(text, declined)
        if text:
            try:
                contexts.register(context)
            except Unavailable as error:
                # Without a cache nobody can vote on it, but the answer itself is good.
                log.error("answer can't be voted on", extra={"error": str(error)})
        return context


def _begin(assistant: Assistant, request_type: RequestType, asked: Asked, now: datetime) -> _Making:
    line = routing.route(assistant, asked.session, asked.reference)
    request_id = str(contexts.new_id(now.timestamp()))
    return _Making(assistant, request_type, asked, now, line, request_id, line[0])


def _outcome(declined: bool) -> AnswerOutcome:
    return AnswerOutcome.DECLINED if declined else AnswerOutcome.ANSWERED


def answer(
    assistant: Assistant, request_type: RequestType, asked: Asked, *, now: datetime
) -> Answered:
    """Answer through the version that the traffic weights choose, and register the context.

    Raises ProviderError where the base failed, too, Unavailable where no place is free, Unknown
    for a version by name that does not serve.
    """
    making = _begin(assistant, request_type, asked, now)
    leave = _take_place(making.line)
    try:
        done = making.ask(lambda who, request: who.complete(request))
    finally:
        leave()
    context = making.end(_outcome(done.declined), done.text, done.declined)
    return Answered(context, done)


class AnswerStream:
    """An answer piece by piece. Its version is settled: the first piece is there.

    Iterate it once, and close it whatever happens. The context is registered before the last piece
    goes out, so that a vote can follow at once; of an answer that the caller cut off, what was told
    is kept. A provider that fails between two pieces raises ProviderError.
    """

    def __init__(
        self, making: _Making, first: Chunk, rest: Iterator[Chunk], leave: Callable[[], None]
    ) -> None:
        self.request_id = making.request_id
        self.model_version = making.version.reference
        self.prompt_version = str(making.version.prompt)
        self._making, self._first, self._rest, self._leave = making, first, rest, leave
        self._told: list[str] = []
        self._declined = self._ended = self._closed = False

    def __iter__(self) -> Iterator[Chunk]:
        try:
            yield self._take(self._first)
            for chunk in self._rest:
                yield self._take(chunk)
        except ProviderError as error:
            self._ended = True
            self._making.count(_failure(error))
            raise

    def _take(self, chunk: Chunk) -> Chunk:
        self._told.append(chunk.text)
        self._declined = self._declined or chunk.declined
        if chunk.finish_reason:
            self._end(_outcome(self._declined))
        return chunk

    def _end(self, outcome: str) -> None:
        self._ended = True
        self._making.end(outcome, "".join(self._told), self._declined)

    def close(self) -> None:
        """Give everything back. A generator's own close would do nothing before its start."""
        if self._closed:
            return
        self._closed = True
        self._leave()
        try:
            self._rest.close()  # type: ignore[attr-defined]  # a provider's stream is a generator
        finally:
            if not self._ended:
                self._end(AnswerOutcome.CANCELLED)
            connections.give_back()


def _first_piece(who: ModelProvider, request: CompletionRequest) -> tuple[Chunk, Iterator[Chunk]]:
    pieces = who.stream(request)
    first = next(pieces, None)
    if first is None:
        raise ProviderError("the stream ended before it began", permanent=False)
    return first, pieces


def open_stream(
    assistant: Assistant, request_type: RequestType, asked: Asked, *, now: datetime
) -> AnswerStream:
    """The answer as a stream, once its first piece is there. Raises as `answer` does; after the
    first piece there is no falling back."""
    making = _begin(assistant, request_type, asked, now)
    leave = _take_place(making.line)
    try:
        first, rest = making.ask(_first_piece)
    except BaseException:
        leave()
        raise
    return AnswerStream(making, first, rest, leave)
