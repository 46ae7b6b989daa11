"""Which version answers, what it knows, and that a vote finds its way back (G1, G2, J2)."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError

from reviews.domain import assistants, contexts, feedback, pairs
from reviews.domain.errors import Unavailable, Unknown
from reviews.models import Feedback, PromptVersion, RequestType
from tests import factories
from tests.tuning import making
from tuning.domain import answerers, exemplars, routing, serving, versions
from tuning.enums import VersionStatus
from tuning.models import Answer, BaseModel, ModelVersion
from tuning.providers.base import Chunk, Completion, ProviderError

NOW = factories.NOW
DRAWS = 600


@pytest.fixture
def chat(assistant) -> RequestType:
    return assistant.request_types.get(slug="chat")


@pytest.fixture
def people(reviewer, second_reviewer) -> dict:
    return {"by": reviewer, "approver": second_reviewer}


def ask(assistant, chat, prompt: str, **fields) -> serving.Answered:
    return serving.answer(assistant, chat, serving.Asked(prompt, **fields), now=NOW)


def says(version, prompt: str) -> str | None:
    """What the version answers with its lessons; None where it declines."""
    completion = answerers.provider(version).complete(serving.CompletionRequest(prompt))
    return None if completion.declined else completion.text


class Far:
    """An outside model server: it repeats what it was sent, or is down."""

    def __init__(self, down: bool) -> None:
        self.down = down

    def complete(self, request):
        if self.down:
            raise ProviderError("connection refused", permanent=False)
        return Completion(f"{request.system} | {request.prompt}")

    def stream(self, request):
        for word in self.complete(request).text.split():
            yield Chunk(f"{word} ")
        yield Chunk(finish_reason="stop")


@pytest.fixture
def far(assistant, monkeypatch):
    """Puts a version on an outside server that is up or down."""

    def move(version: ModelVersion, *, down: bool) -> ModelVersion:
        name = "far-down" if down else "far-up"
        monkeypatch.setitem(answerers.OUTSIDE, name, lambda version: Far(down))
        model, _ = BaseModel.objects.get_or_create(name=name, provider=name)
        ModelVersion.objects.filter(pk=version.pk).update(base_model=model)
        versions.serving.forget()
        version.refresh_from_db()
        return version

    return move


# --- routing -------------------------------------------------------------------------------------
@pytest.fixture
def seeded():
    """The draws of this test are always the same."""
    state = random.getstate()
    random.seed(20261121)
    yield
    random.setstate(state)


@pytest.mark.parametrize("weights", [(), (10,), (10, 50), (100,), (60, 40)])
def test_requests_are_shared_by_weight_and_the_base_takes_the_rest(assistant, seeded, weights):
    canaries = [making.canary(assistant, weight) for weight in weights]
    base = versions.ensure_base(assistant)
    drawn = Counter(routing.route(assistant)[0].pk for _ in range(DRAWS))
    shares = {version.pk: version.traffic_weight for version in canaries}
    shares[base.pk] = 100 - sum(weights)
    for pk, share in shares.items():
        expected, spread = DRAWS * share / 100, (DRAWS * share * (100 - share)) ** 0.5 / 100
        # Four standard deviations of the binomial distribution.
        assert abs(drawn[pk] - expected) <= 4 * spread
    assert sum(drawn.values()) == DRAWS


def test_sessions_are_shared_by_weight_too(assistant):
    canary = making.canary(assistant, 20)
    drawn = Counter(routing.route(assistant, f"s{n}")[0].pk for n in range(DRAWS))
    assert abs(drawn[canary.pk] - DRAWS * 0.2) <= 4 * (DRAWS * 0.2 * 0.8) ** 0.5


def test_a_session_stays_on_its_version(assistant):
    making.canary(assistant, 50)
    for number in range(20):
        routed = {routing.route(assistant, f"sesi {number}")[0].pk for _ in range(5)}
        assert len(routed) == 1


def test_only_what_serves_is_routed_to(assistant):
    for status in ("candidate", "gated", "barred", "retired", "rolled_back"):
        making.version_of(assistant, {}, status)
    assert routing.route(assistant)[0] == versions.ensure_base(assistant)


def test_an_assistant_without_a_base_gets_one(assistant):
    assert routing.route(assistant)[0].reference == "bisnis/base"


def test_another_assistant_s_canary_is_not_routed_to(assistant):
    making.canary(assistants.ensure("lain", "Lain"), 100)
    assert routing.route(assistant)[0].reference == "bisnis/base"


# --- answers -------------------------------------------------------------------------------------
def test_an_answer_is_noted_without_text_and_its_context_registered(assistant, chat):
    taught = factories.approved(assistant, "Berapa lama KITAS berlaku?", "Dua tahun.")
    canary = making.canary(assistant, 100, [taught])
    answered = ask(assistant, chat, "Berapa lama KITAS berlaku?", language="id")
    row = Answer.objects.get()
    assert (row.version, row.outcome, row.at) == (canary, "answered", NOW)
    assert row.milliseconds >= 0
    context = contexts.read(answered.context.request_id)
    assert context == answered.context
    assert (context.prompt, context.response) == ("Berapa lama KITAS berlaku?", "Dua tahun.")
    assert (context.model_version, context.prompt_version) == (canary.reference, "bisnis/p1")


def test_a_vote_on_it_comes_back_with_the_version(assistant, chat):
    canary = making.canary(assistant, 100)
    answered = ask(assistant, chat, "Apa?")
    row, new = feedback.vote(
        answered.context.request_id,
        feedback.Ballot(thumb=False),
        assistant_id=assistant.pk,
        now=NOW + timedelta(minutes=1),
    )
    assert new
    assert Feedback.objects.get() == row
    assert (row.model_version, row.prompt) == (canary.reference, "Apa?")


def test_an_honest_refusal_is_counted_as_declined(assistant, chat):
    answered = ask(assistant, chat, "Siapa presiden?")
    assert answered.completion.declined
    assert Answer.objects.get().outcome == "declined"


def test_the_template_is_filled_for_the_model_and_the_vote_sees_the_user_s_words(assistant, far):
    far(versions.ensure_base(assistant), down=False)
    short = RequestType.objects.create(
        assistant=assistant, slug="uji", template="Singkat: {prompt}"
    )
    answered = ask(assistant, short, "Apa?")
    assert answered.completion.text.endswith(" | Singkat: Apa?")
    assert (answered.context.prompt, answered.context.request_type) == ("Apa?", "uji")


def test_a_failing_candidate_falls_back_to_the_base_and_is_counted(assistant, chat, far):
    canary = far(making.canary(assistant, 100), down=True)
    base = versions.ensure_base(assistant)
    answered = ask(assistant, chat, "Apa?")
    assert answered.context.model_version == base.reference
    assert answered.context.model_version == base.reference
    rows = Answer.objects.order_by("id").values_list("version", "outcome")
    assert list(rows) == [(canary.pk, "failed"), (base.pk, "declined")]


def test_the_base_that_falls_in_answers_with_its_own_prompt(assistant, chat, far):
    base = far(versions.ensure_base(assistant), down=False)
    newer = PromptVersion.objects.create(assistant=assistant, number=2, text="Prompt baru.")
    canary = far(making.canary(assistant, 100), down=True)
    assert canary.prompt == newer
    assert ask(assistant, chat, "Apa?").completion.text == f"{base.prompt.text} | Apa?"


def test_a_base_that_fails_too_raises_and_both_are_counted(assistant, chat, far):
    far(versions.ensure_base(assistant), down=True)
    far(making.canary(assistant, 100), down=True)
    with pytest.raises(ProviderError):
        ask(assistant, chat, "Apa?")
    assert list(Answer.objects.values_list("outcome", flat=True)) == ["failed", "failed"]


def test_without_a_cache_there_still_is_an_answer(assistant, chat, settings):
    settings.CACHES = {"default": {"BACKEND": "tests.reviews.conftest.BrokenCache"}}
    assert ask(assistant, chat, "Apa?").context.model_version == "bisnis/base"
    assert Answer.objects.get().outcome == "declined"


def test_an_answer_that_can_t_be_counted_goes_out(assistant, chat, monkeypatch):
    def refuse(**_fields):
        raise OperationalError("disk full")

    monkeypatch.setattr(Answer.objects, "create", refuse)
    answered = ask(assistant, chat, "Apa?")
    assert contexts.read(answered.context.request_id) == answered.context


def test_a_version_can_be_asked_for_by_name(assistant, chat):
    canary = making.canary(assistant, 10)
    named = {ask(assistant, chat, "Apa?", reference=canary.reference).context.model_version}
    assert named == {canary.reference}


@pytest.mark.parametrize("reference", ["bisnis/v9", "lain/base", "gpt-4o"])
def test_what_does_not_serve_here_can_t_be_asked_for(assistant, chat, reference):
    versions.ensure_base(assistants.ensure("lain", "Lain"))
    with pytest.raises(Unknown):
        ask(assistant, chat, "Apa?", reference=reference)


def test_the_caller_s_instruction_follows_the_version_s(assistant, chat, far):
    base = far(versions.ensure_base(assistant), down=False)
    answered = ask(assistant, chat, "Apa?", system="Jawab singkat.")
    assert answered.completion.text == f"{base.prompt.text}\n\nJawab singkat. | Apa?"


def test_an_outside_server_gets_the_lessons_in_its_prompt(assistant, chat, people, far):
    far(versions.ensure_base(assistant), down=False)
    making.corrected(assistant, QUESTION, WRONG, RIGHT, **people)
    assert RIGHT in ask(assistant, chat, QUESTION).completion.text
    assert RIGHT not in ask(assistant, chat, "Siapa presiden?").completion.text


# --- streams -------------------------------------------------------------------------------------
def open_stream(assistant, chat, prompt: str = "Apa?", **fields) -> serving.AnswerStream:
    return serving.open_stream(assistant, chat, serving.Asked(prompt, **fields), now=NOW)


def test_a_stream_registers_its_context_before_its_last_piece(assistant, chat, far):
    base = far(versions.ensure_base(assistant), down=False)
    stream = open_stream(assistant, chat)
    told, known = "", []
    for chunk in stream:
        told += chunk.text
        known.append(contexts.read(stream.request_id) is not None)
    stream.close()
    assert known == [False] * (len(known) - 1) + [True]
    assert told == f"{base.prompt.text} | Apa? "
    assert contexts.read(stream.request_id).response == told
    assert [row.outcome for row in Answer.objects.all()] == ["answered"]


def test_a_stream_that_can_t_begin_falls_back(assistant, chat, far):
    canary = far(making.canary(assistant, 100), down=True)
    stream = open_stream(assistant, chat)
    assert stream.model_version == "bisnis/base"
    assert [chunk.finish_reason for chunk in stream] == ["", "stop"]
    stream.close()
    rows = Answer.objects.order_by("id").values_list("version__reference", "outcome")
    assert list(rows) == [(canary.reference, "failed"), ("bisnis/base", "declined")]


def test_a_stream_cut_off_by_its_caller_keeps_what_was_told(assistant, chat, far):
    far(versions.ensure_base(assistant), down=False)
    stream = open_stream(assistant, chat)
    pieces = iter(stream)
    told = next(pieces).text + next(pieces).text
    stream.close()
    assert contexts.read(stream.request_id).response == told
    assert Answer.objects.get().outcome == "cancelled"


def test_a_stream_closed_before_it_is_read_gives_its_place_back(assistant, chat, far):
    far(versions.ensure_base(assistant), down=False)
    stream = open_stream(assistant, chat)
    assert serving.places.taken == 1
    stream.close()
    stream.close()
    assert serving.places.taken == 0
    assert [row.outcome for row in Answer.objects.all()] == ["cancelled"]


def test_a_stream_that_breaks_is_counted_as_failed(assistant, chat, monkeypatch):
    class Breaking(Far):
        def stream(self, request):
            yield Chunk("Visa ")
            raise ProviderError("connection reset", permanent=False)

    monkeypatch.setitem(answerers.OUTSIDE, "breaking", lambda version: Breaking(False))
    model = BaseModel.objects.create(name="breaking", provider="breaking")
    base = versions.ensure_base(assistant)
    ModelVersion.objects.filter(pk=base.pk).update(base_model=model)
    versions.serving.forget()
    stream = open_stream(assistant, chat)
    with pytest.raises(ProviderError):
        list(stream)
    stream.close()
    assert Answer.objects.get().outcome == "failed"
    assert contexts.read(stream.request_id) is None
    assert serving.places.taken == 0


def test_more_than_its_places_are_told_to_come_back(assistant, chat, far, settings):
    settings.GATEWAY_MAX_OPEN = 2
    far(versions.ensure_base(assistant), down=False)
    streams = [open_stream(assistant, chat) for _ in range(2)]
    for call in (open_stream, ask):
        with pytest.raises(Unavailable):
            call(assistant, chat, "Apa?")
    streams[0].close()
    assert ask(assistant, chat, "Apa?").context.model_version == "bisnis/base"
    streams[1].close()


def test_the_embedded_model_needs_no_place(assistant, chat, settings):
    settings.GATEWAY_MAX_OPEN = 0
    assert ask(assistant, chat, "Apa?").completion.declined


# --- lessons (J2) --------------------------------------------------------------------------------
QUESTION, WRONG, RIGHT = "Berapa biaya visa investor?", "Rp1 juta.", "Rp5 juta."


def test_a_correction_is_effective_at_once_on_every_version(assistant, people):
    base, canary = versions.ensure_base(assistant), making.canary(assistant)
    assert [says(version, QUESTION) for version in (base, canary)] == [None, None]
    making.corrected(assistant, QUESTION, WRONG, RIGHT, **people)
    assert [says(version, QUESTION) for version in (base, canary)] == [RIGHT, RIGHT]


def test_an_unapproved_correction_teaches_nothing(assistant, people):
    task = making.corrected(assistant, QUESTION, WRONG, RIGHT, **people)
    pairs.reopen(task.pair, by=people["by"], why="Peraturan baru.", now=NOW)
    base = versions.ensure_base(assistant)
    assert (exemplars.lessons(base), says(base, QUESTION)) == ([], None)


def test_a_lesson_is_gone_for_a_version_trained_on_it_and_stays_for_the_base(assistant, people):
    task = making.corrected(assistant, QUESTION, WRONG, RIGHT, **people)
    base = versions.ensure_base(assistant)
    trained = making.canary(assistant, 10, [task.pair])
    assert [len(exemplars.lessons(version)) for version in (base, trained)] == [1, 0]
    assert [says(version, QUESTION) for version in (base, trained)] == [RIGHT, RIGHT]


@pytest.mark.parametrize("part", ["test", "validation", "paraphrase"])
def test_a_version_that_only_held_it_apart_still_needs_the_lesson(assistant, people, part):
    task = making.corrected(assistant, QUESTION, WRONG, RIGHT, **people)
    version = making.version_of(assistant, {part: [task.pair]}, VersionStatus.CANARY)
    assert says(version, QUESTION) == RIGHT


def test_one_lesson_withdrawn_and_another_approved_are_both_seen(assistant, people):
    first = making.corrected(assistant, QUESTION, WRONG, RIGHT, **people)
    second = making.corrected(assistant, "Kapan kantor imigrasi buka?", "Malam.", "Pagi.", **people)
    making.corrected(assistant, "Di mana mengurus paspor?", "Di pasar.", "Di imigrasi.", **people)
    base = versions.ensure_base(assistant)
    pairs.reopen(second.pair, by=people["by"], why="x", now=NOW)
    assert says(base, QUESTION) == RIGHT
    # In the same moment, as many and with the same newest text as before.
    pairs.reopen(first.pair, by=people["by"], why="salah", now=NOW)
    factories.decide(second.pair, people["approver"])
    assert says(base, QUESTION) is None
    assert says(base, "Kapan kantor imigrasi buka?") == "Pagi."


def test_another_assistant_s_lessons_are_not_taught(assistant, people):
    making.corrected(assistant, QUESTION, WRONG, RIGHT, **people)
    other = versions.ensure_base(assistants.ensure("lain", "Lain"))
    assert says(other, QUESTION) is None


def test_a_rollback_restores_the_lesson(assistant, chat, people, operator):
    task = making.corrected(assistant, QUESTION, WRONG, RIGHT, **people)
    trained = making.canary(assistant, 100, [task.pair])
    assert ask(assistant, chat, QUESTION).context.model_version == trained.reference
    versions.roll_back(trained, by=operator, now=NOW, reason="Keluhan.")
    answered = ask(assistant, chat, QUESTION)
    assert (answered.context.model_version, answered.completion.text) == ("bisnis/base", RIGHT)


def test_a_prompt_is_answered_without_reading_the_exemplars_again(
    assistant, chat, django_assert_max_num_queries
):
    making.canary(assistant, 100, making.approved_many(assistant, 5))
    ask(assistant, chat, "Apa?")
    with django_assert_max_num_queries(3):
        ask(assistant, chat, "Apa lagi?")


# --- what a process keeps of it ------------------------------------------------------------------
def test_a_new_lesson_takes_the_place_of_the_index_before_it(assistant, people):
    base = versions.ensure_base(assistant)
    for number in range(3):
        making.corrected(assistant, f"Berapa biaya visa {number}?", WRONG, RIGHT, **people)
        assert says(base, f"Berapa biaya visa {number}?") == RIGHT
    assert len(exemplars._indexes) == 1
    assert len(exemplars.stamps) == 1


def test_an_index_is_made_once_and_under_the_lock(assistant, people, monkeypatch):
    making.corrected(assistant, QUESTION, WRONG, RIGHT, **people)
    base, made = versions.ensure_base(assistant), []
    real = exemplars._make

    def make(*arguments):
        made.append(1)
        # Held: threads that come meanwhile wait, and find it made.
        assert exemplars._making.locked()
        return real(*arguments)

    monkeypatch.setattr(exemplars, "_make", make)
    for _time in range(3):
        exemplars.index(base, with_lessons=True)
    assert len(made) == 1


@pytest.mark.parametrize(
    ("endpoint", "sent"),
    [
        ("", ("gemini-key", "")),
        ("https://proxy.example", ("proxy-key", "")),
        ("https://other.example", ("", "")),
    ],
)
def test_google_s_key_goes_to_google_alone(assistant, settings, endpoint, sent):
    settings.GEMINI_API_KEY, settings.GEMINI_PROJECT_ID = "gemini-key", "proyek"
    settings.PROVIDER_API_KEYS = {"https://proxy.example": "proxy-key"}
    model = BaseModel(name="gemini-3.5-flash", provider="gemini", endpoint=endpoint)
    base = versions.ensure_base(assistant)
    base.base_model = model
    who = answerers.provider(base)
    assert (who._key, who.project) == sent


def test_an_answer_goes_out_when_the_connection_is_gone(assistant, chat, monkeypatch):
    def refuse(**_fields):
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(Answer.objects, "create", refuse)
    assert ask(assistant, chat, "Apa?").completion.declined
