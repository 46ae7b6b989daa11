"""What a run's job reads: its data files, its lineage, and what the tuned model will be asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Func, IntegerField, Max, Sum
from django.utils.translation import gettext_noop

from reviews.domain import turns
from reviews.formats import Example, FormatError, write
from reviews.models import Pair
from tuning import backends
from tuning.backends import BackendError, Base, Data, Problem, TrainingBackend, TrainingSpec
from tuning.domain import datasets, evaluations, exports, leaks, lineage
from tuning.enums import Method, Part, Provider
from tuning.models import BaseModel, DatasetVersion, ModelVersion, TuningRun
from tuning.providers import recorded

_NAMED = 20
"""Pairs that a reason names."""


def base(model: BaseModel, continues: ModelVersion | None = None, checkpoint: str = "") -> Base:
    """The base model's row as backends know it."""
    return Base(
        name=model.provider_name,
        abilities=frozenset(map(str, model.abilities)),
        tune_region=model.tune_region,
        serve_region=model.region,
        token_limit=model.token_limit,
        adapter_sizes=tuple(model.adapter_sizes),
        price=model.price,
        retires=model.retires_date,
        continues=continues.artifact if continues else "",
        checkpoint=checkpoint,
    )


def kept(
    model: BaseModel, continues: ModelVersion | None = None, checkpoint: str = ""
) -> dict[str, Any]:
    """What a run keeps of its base model's row (`TuningRun.base`): the fields of Base, and who
    tunes it (`backend`) and answers for it (`provider`). `base_of` reads it."""
    made = base(model, continues, checkpoint)
    plain = {"abilities": sorted(made.abilities), "retires": str(made.retires or "")}
    return {"backend": model.backend, "provider": model.provider, **asdict(made), **plain}


def base_of(run: TuningRun) -> Base:
    """The base model as it was when the run was launched: a region that was edited meanwhile would
    hide the run's job from it, and another job would be paid for."""
    row = {field.name: run.base[field.name] for field in fields(Base)}
    row["abilities"], row["adapter_sizes"] = (
        frozenset(row["abilities"]),
        tuple(row["adapter_sizes"]),
    )
    row["retires"] = date.fromisoformat(row["retires"]) if row["retires"] else None
    return Base(**row)


def backend_of(run: TuningRun) -> TrainingBackend:
    return backends.get(run.base["backend"])


def _preferences(version: DatasetVersion, part: str) -> list[int]:
    """Bytes (UTF-8) of each preference among the part's members, with both answers."""
    rows = exports.preferences(version, part)
    return [
        len("".join((e.system, *_words(e), e.input, e.output, e.rejected)).encode()) for e in rows
    ]


def _words(example: Example) -> Iterator[str]:
    return (words for _role, words in example.history)


class _Bytes(Func):
    """Bytes of a text in UTF-8; SQLite has no such function before its version 3.43."""

    function = "OCTET_LENGTH"
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "LENGTH(CAST(%(expressions)s AS BLOB))"
        return self.as_sql(compiler, connection, template=template, **context)


def data(version: DatasetVersion, method: str = Method.SFT) -> Data:
    """How much a run on the version would learn from."""
    train = version.members.filter(part=Part.TRAIN)
    if method == Method.PREFERENCE:
        sizes = _preferences(version, Part.TRAIN)
        held = len(_preferences(version, Part.VALIDATION))
        pairs = Pair.objects.filter(pk__in=exports.preference_pairs(version, Part.TRAIN))
        families = pairs.order_by().values("question").distinct().count()
        return Data(len(sizes), held, families, sum(sizes), max(sizes, default=0))
    families = train.aggregate(n=Count("revision__pair__question", distinct=True))["n"]
    prompt = len(version.prompt.text.encode()) if version.prompt else 0
    size = _Bytes("revision__input") + _Bytes("revision__output") + _Bytes("revision__system")
    size += _Bytes(turns.column("revision__history"))
    found = train.order_by().aggregate(total=Sum(size), longest=Max(size))
    return Data(
        train=version.train_count,
        validation=version.validation_count,
        families=families,
        size=(found["total"] or 0) + prompt * version.train_count,
        longest=(found["longest"] or 0) + prompt,
    )


def unwritable(version: DatasetVersion, model: BaseModel, method: str) -> Iterator[Problem]:
    """The pairs that the backend's format for the method can't hold, named by their reason."""
    form = backends.get(model.backend).formats[method]
    for part in (Part.TRAIN, Part.VALIDATION):
        by_reason: dict[str, list[int]] = {}
        for pair, error in exports.refused(version, form, part).items():
            by_reason.setdefault(str(error), []).append(pair)
        for why, pairs in by_reason.items():
            named = ", ".join(f"#{pair}" for pair in pairs[:_NAMED])
            reason = gettext_noop("%(count)s pairs can't be taught here: %(pairs)s (%(why)s)")
            values = {"count": len(pairs), "pairs": named, "why": why}
            yield Problem("dataset_version", reason, values)


# --- the job's files -----------------------------------------------------------------------------
def _folder(run: TuningRun) -> Path:
    return Path(settings.TUNING_DIR) / "data" / run.key


def _is_asked_by_its_run(run: TuningRun) -> bool:
    """Whether no server answers for the tuned model, so that its job must."""
    return bool(run.base["provider"] == Provider.RECORDED)


def spec(run: TuningRun) -> TrainingSpec:
    folder = _folder(run)
    return TrainingSpec(
        label=run.label,
        base=base_of(run),
        train_file=folder / "train.jsonl",
        train_groups_file=folder / "train.groups.txt",
        validation_file=folder / "validation.jsonl",
        validation_groups_file=folder / "validation.groups.txt",
        work_dir=Path(settings.TUNING_DIR) / "jobs",
        method=run.method,
        options=run.options,
        questions_file=folder / "questions.jsonl" if _is_asked_by_its_run(run) else None,
        resume=run.earlier_job,
    )


def _groups(version: DatasetVersion, part: str, method: str) -> Iterator[bytes]:
    if method == Method.PREFERENCE:
        # A preference names no family: each stands for itself.
        for number, _line in enumerate(exports.preferences(version, part), start=1):
            yield f"{number}\n".encode()
        return
    for name in datasets.groups(version, part):
        yield f"{name}\n".encode()


def _questions(version: DatasetVersion) -> Iterator[bytes]:
    """Each question of the evaluation once, as the tuned version will be asked it."""
    seen = set()
    for request in evaluations.requests(version):
        turns_so_far = [{"role": role, "content": words} for role, words in request.history]
        messages = [*turns_so_far, {"role": "user", "content": request.prompt}]
        if request.system:
            messages.insert(0, {"role": "system", "content": request.system})
        key = recorded.key(request)
        if key not in seen:
            seen.add(key)
            yield write({"key": key, "messages": messages})


def _refuse(version: DatasetVersion) -> None:
    """Raise BackendError, for good, where the version is not any more what was launched: a text
    was erased, or something tied what is taught to what is held out."""
    for problem in (*datasets.broken(version), *leaks.problems(version)):
        raise BackendError(problem.reason, permanent=True, values=problem.values)


def write_all(run: TuningRun) -> None:
    """Write the files that the run's job reads. Again, they are the same.

    Raises BackendError where nothing may be learnt from the version any more.
    """
    version, made = run.dataset_version, spec(run)
    _refuse(version)
    form = backend_of(run).formats[run.method]
    files = (
        (Part.TRAIN, made.train_file, made.train_groups_file),
        (Part.VALIDATION, made.validation_file, made.validation_groups_file),
    )
    for part, file, groups in files:
        try:
            exports.write_whole(file, exports.lines(version, form, part))
        except FormatError as error:
            raise BackendError(str(error), permanent=True) from error
        exports.write_whole(groups, _groups(version, part, run.method))
    exports.write_whole(_folder(run) / "lineage.json", [write(lineage.document(run))])
    if made.questions_file:
        exports.write_whole(made.questions_file, _questions(version))


def pairs_of_lines(
    version: DatasetVersion, lines: list[int], method: str = Method.SFT
) -> list[int]:
    """The pairs (ids) that stand in these lines of the method's train file, counted from 1."""
    if method == Method.PREFERENCE:
        ids = exports.preference_pairs(version, Part.TRAIN)
    else:
        members = version.members.filter(part=Part.TRAIN).order_by("position")
        ids = list(members.values_list("revision__pair", flat=True))
    return [ids[line - 1] for line in lines if 0 < line <= len(ids)]
