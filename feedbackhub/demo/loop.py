"""The loop step by step, with real rows: each step finds what an earlier demo left and goes on."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from feedbackhub.demo.cast import Cast
from feedbackhub.demo.process import Client
from feedbackhub.demo.sample import Sample
from reviews.domain import (
    checklists,
    corrections,
    feedback,
    flag_words,
    flags,
    imports,
    inspection,
    verdicts,
)
from reviews.domain.errors import Invalid
from reviews.enums import CorrectionStatus, Decision, PairStatus
from reviews.models import Assistant, Category, Feedback, Pair
from tuning.domain import datasets, exports, looks, runs, traffic, versions
from tuning.enums import AnswerOutcome, Requirement, RunStatus, Stage, VersionStatus
from tuning.models import Answer, DatasetVersion, Evaluation, Export, ModelVersion, TuningRun

RUN_SECONDS = 600
MAX_ASKED = 200
SHOWN = 5
"""Refused lines that are told."""
Tell = Callable[[str], None]


class Loop:
    def __init__(
        self, sample: Sample, assistant: Assistant, cast: Cast, client: Client, tell: Tell
    ):
        self.sample, self.assistant, self.cast = sample, assistant, cast
        self.client, self.tell = client, tell
        self.corrected: set[int | None] = set()
        self.version: DatasetVersion | None = None
        self.export: Export | None = None
        self.run_row: TuningRun | None = None
        self.model: ModelVersion | None = None

    def run(self) -> None:
        self.load()
        self.vote()
        self.correct()
        self.review()
        # A demo that serves leaves this to its worker; one that ends here has none.
        flags.examine_due()
        self.freeze()
        if self.version and self.version.train_count:
            self.tune()
        if self.model:
            self.activate()
            self.ask()

    # --- what people bring -----------------------------------------------------------------------
    def load(self) -> None:
        files = (
            ("alpaca", self.sample.pairs, self.sample.pairs_name),
            ("questions", self.sample.questions, "questions"),
        )
        for source, raw, name in files:
            if not raw:
                continue
            report = imports.run(self.assistant, source, raw, file_name=name)
            self.tell(
                f"imported {source}: {report.created} new, {report.unchanged} already there, "
                f"{len(report.refused)} refused"
            )
            for refusal in report.refused[:SHOWN]:
                self.tell(f"  line {refusal.line}: {refusal.reason}")
            if len(report.refused) > SHOWN:
                self.tell(f"  and {len(report.refused) - SHOWN} more")

    def vote(self) -> None:
        ids = [vote.request_id for vote in self.sample.votes]
        there = set(
            Feedback.objects.filter(request_id__in=ids).values_list("request_id", flat=True)
        )
        new = [vote for vote in self.sample.votes if vote.request_id not in there]
        for vote in new:
            body = {
                "request_id": str(vote.request_id),
                "request_type": vote.request_type,
                "prompt": vote.question,
                "response": vote.answer,
                "model_version": versions.ensure_base(self.assistant).reference,
            }
            self.client.post("/api/v1/ai/contexts", body)
            self.client.post(f"/api/v1/ai/feedback/{vote.request_id}", vote.body)
        linked = feedback.link_pending(timezone.now(), limit=5000)
        self.tell(f"votes over HTTP: {len(new)} cast, {len(there)} already there, {linked} linked")

    # --- what reviewers do -----------------------------------------------------------------------
    def correct(self) -> None:
        finished = 0
        for row in self.sample.corrections:
            correction = corrections.open_task(self.assistant, row["question"], row["wrong_answer"])
            if correction.status != CorrectionStatus.OPEN:
                # Finished by an earlier demo, whose reviewers may not have come to it.
                self.corrected.add(correction.pair_id)
                continue
            remedy = corrections.Remedy(
                right_answer=row["right_answer"],
                why_wrong=row["why_wrong"],
                lesson=row["lesson"],
                category=Category.objects.get(assistant=self.assistant, slug=row["category"]),
                register=row["register"],
                family=row.get("family", ""),
            )
            corrections.finish(correction, remedy, by=self.cast.first, now=timezone.now())
            self.corrected.add(correction.pair_id)
            finished += 1
        if self.sample.corrections:
            self.tell(f"corrections finished: {finished}")

    def _in_scope(self) -> list[Pair]:
        """Pairs of the sample's files and votes; what real users bring waits for real reviewers."""
        ids = [vote.request_id for vote in self.sample.votes]
        rows = Pair.objects.filter(assistant=self.assistant, status__in=["draft", "in_review"])
        voted = set(rows.filter(feedback__request_id__in=ids).values_list("pk", flat=True))
        sample = Q(import_run__sha256=hashlib.sha256(self.sample.pairs).hexdigest())
        ours = set(rows.filter(sample | Q(pk__in=self.corrected)).values_list("pk", flat=True))
        related = rows.select_related("current_revision", "category", "assistant").order_by("id")
        lines = self.sample.pairs.count(b"\n")
        left = range(lines - self.sample.left_to_review + 1, lines + 1)
        return [
            pair
            for pair in related
            if (pair.pk in ours or pair.pk in voted) and pair.import_line not in left
        ]

    def _ruling(self, pair: Pair, yes: dict[int, bool]) -> verdicts.Ruling:
        script = self.sample.decisions.get(pair.identity)
        if script:
            parts = set(script["failed_parts"])
            items = checklists.items(self.assistant)
            answers = {item.pk: item.part not in parts for item in items}
            return self._with_facts(pair, script["decision"], answers, script["note"])
        serious = [flag for flag in inspection.look(pair) if flag.blocks]
        blocking = [flag_words.describe(flag).message for flag in serious]
        if blocking:
            return verdicts.Ruling(Decision.NEEDS_WORK, {}, "; ".join(blocking))
        return self._with_facts(pair, Decision.APPROVE, yes)

    def _with_facts(
        self, pair: Pair, decision: str, answers: dict[int, bool], note: str = ""
    ) -> verdicts.Ruling:
        """As a reviewer does who reads each amount, duration and law and finds them right."""
        assert pair.current_revision is not None
        found = verdicts.to_confirm(pair, pair.current_revision.output)
        right = {(fact.kind, fact.value): decision == Decision.APPROVE for fact in found}
        return verdicts.Ruling(decision, answers, note, facts=right)

    def review(self) -> None:
        yes = {item.pk: True for item in checklists.items(self.assistant)}
        counts: dict[str, int] = {}
        for pair in self._in_scope():
            ruling = self._ruling(pair, yes)
            assert pair.current_revision is not None
            said = {row.reviewer_id for row in verdicts.standing(pair)} | {
                pair.current_revision.author_id
            }
            for reviewer in (self.cast.first, self.cast.second, self.cast.senior):
                if pair.waits and reviewer.pk not in said:
                    seen = pair.current_revision_id
                    assert seen is not None
                    verdicts.decide(pair, ruling, by=reviewer, seen=seen, now=timezone.now())
            counts[pair.status] = counts.get(pair.status, 0) + 1
        told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        self.tell(f"reviewed: {told or 'nothing waited'}")

    # --- what the machine does -------------------------------------------------------------------
    def freeze(self) -> None:
        now = timezone.now()
        dataset = datasets.ensure(self.assistant, datasets.EVERYTHING)
        self.version = datasets.freeze(dataset, now=now)
        if self.version is None:
            self.tell("nothing is approved, so nothing is frozen")
            return
        self.export = exports.request(self.version, "gemini", now)
        exports.write_pending(now)
        self.export.refresh_from_db()
        split = ", ".join(f"{count} {part}" for part, count in self.version.split.items())
        self.tell(f"frozen {self.version} ({split}), exported {self.export.rows} rows")

    def tune(self) -> None:
        assert self.version is not None
        done = TuningRun.objects.filter(dataset_version=self.version, status=RunStatus.SUCCEEDED)
        self.run_row = done.first()
        if self.run_row is None:
            base, by = versions.base_model(), self.cast.curator
            try:
                self.run_row = runs.launch(self.version, base, now=timezone.now(), by=by)
            except Invalid as error:
                self.tell(f"not tuned: {'; '.join(error.fields.values())}")
                return
            self._drive(self.run_row)
        self.tell(f"tuning run {self.run_row.status}")
        if self.run_row.status == RunStatus.SUCCEEDED:
            self.model = self.run_row.model_version
            self._tell_gates()

    def _drive(self, run: TuningRun) -> None:
        """Look until the run has ended. The hub's own worker looks at it too: both may."""
        end = time.monotonic() + RUN_SECONDS
        while run.active and time.monotonic() < end:
            before = run.status
            TuningRun.objects.filter(pk=run.pk).update(next_look_at=timezone.now())
            looks.reconcile(timezone.now())
            run.refresh_from_db()
            if run.status == before:
                time.sleep(0.1)

    def _tell_gates(self) -> None:
        assert self.model is not None
        for gate in self.model.evaluation.gates.filter(
            stage=Stage.TEN, requirement=Requirement.REQUIRED
        ):
            mark = "passed" if gate.passed else "not passed"
            measured = "not measured" if gate.measured is None else f"{gate.measured:.2f}"
            self.tell(f"  {gate.get_measure_display()}: {measured} (target {gate.target:g}) {mark}")

    # --- traffic, by a person --------------------------------------------------------------------
    def activate(self) -> None:
        assert self.model is not None
        if self.model.status == VersionStatus.GATED:
            left = versions.base_weight(self.assistant)
            for old in ModelVersion.objects.serving().candidates().filter(assistant=self.assistant):
                if left < Stage.TEN:
                    now = timezone.now()
                    versions.roll_back(old, by=self.cast.operator, now=now, reason="makes room")
                    left = versions.base_weight(self.assistant)
            versions.set_traffic(self.model, by=self.cast.operator, now=timezone.now())
        self.tell(f"{self.model} is {self.model.status} at {self.model.traffic_weight} %")

    def _answered_by(self) -> dict[str, int]:
        rows = Answer.objects.filter(version__assistant=self.assistant)
        rows = rows.exclude(outcome=AnswerOutcome.FAILED)
        counts = rows.values_list("version__reference").annotate(count=Count("id"))
        return dict(counts.order_by("version__reference"))

    def ask(self) -> None:
        """Ask through the gateway until both versions have answered, and vote on the answers."""
        assert self.model is not None
        questions = self.sample.traffic
        if not questions or self.model.status != VersionStatus.CANARY:
            return
        if self.model.answers.exists():
            self.tell("the gateway was asked in an earlier demo")
            return
        asked = 0
        seen: set[str] = set()
        while asked < MAX_ASKED and (asked < len(questions) or len(seen) < 2):
            question = questions[asked % len(questions)]
            body = {"prompt": question, "session": f"demo-{self.model.name}-{asked}"}
            answer = self.client.post("/api/v1/ai/chat", body)
            seen.add(answer["model_version"])
            # An honest 'I do not know' is left without a vote: nobody has shown that it knew.
            if not answer["declined"]:
                vote = {"is_positive": True}
                self.client.post(f"/api/v1/ai/feedback/{answer['request_id']}", vote)
            asked += 1
        traffic.roll_up(timezone.now())
        self.tell(f"asked {asked} questions through the gateway: {self._answered_by()}")

    # --- what it came to -------------------------------------------------------------------------
    def _metrics(self) -> dict[str, Any]:
        evaluation = Evaluation.objects.filter(version=self.model).first() if self.model else None
        if evaluation is None:
            return {}
        return dict(evaluation.metrics)

    def _gates(self) -> list[dict[str, Any]]:
        if self.model is None:
            return []
        columns = ("measure", "measured", "target", "requirement", "passed")
        return list(self.model.evaluation.gates.filter(stage=Stage.TEN).values(*columns))

    def _votes(self) -> dict[str, int]:
        """Votes of the sample, and those on what the gateway answered; each had a context."""
        ids = [vote.request_id for vote in self.sample.votes]
        rows = Feedback.objects.filter(assistant=self.assistant)
        votes = rows.filter(request_id__in=ids).count()
        answers = sum(self._answered_by().values())
        return {
            "contexts": votes + answers,
            "votes": votes,
            "votes_on_answers": rows.count() - votes,
        }

    def summary(self) -> dict[str, Any]:
        approved = Pair.objects.filter(assistant=self.assistant, status=PairStatus.APPROVED)
        model = self.model
        return {
            **self._votes(),
            "pairs_approved": approved.count(),
            "dataset_version": self.version.reference if self.version else None,
            "dataset_hash": self.version.content_hash if self.version else None,
            "split": self.version.split if self.version else {},
            "export_rows": self.export.rows if self.export else 0,
            "export_sha256": self.export.sha256 if self.export else None,
            "run_status": self.run_row.status if self.run_row else None,
            "metrics": self._metrics(),
            "gates": self._gates(),
            "model_version": model.reference if model else None,
            "model_status": model.status if model else None,
            "traffic_weight": model.traffic_weight if model else 0,
            "answers_by_version": self._answered_by(),
        }
