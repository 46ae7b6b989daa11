"""kill -9 of real processes: the next look finishes, nothing twice, nothing lost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from tests.tuning.hub import Hub

pytestmark = pytest.mark.processes

SEED = """
    from reviews.domain import assistants
    from tests import factories

    assistant = assistants.ensure("bisnis", "Asisten Bisnis")
    for n in range(20):
        for question in (f"Bagaimana cara urus izin {n}?", f"Gimana urus izin {n} dong?"):
            answer = f"Izin {n} selesai dalam {n + 3} hari."
            factories.approved(assistant, question, answer, family=f"izin {n}")
"""
LAUNCH = """
    from django.utils import timezone
    from reviews.models import Assistant
    from tuning.domain import datasets, runs, versions

    assistant = Assistant.objects.get()
    version = datasets.freeze(datasets.ensure(assistant, "approved"), now=timezone.now())
    runs.launch(version, versions.base_model(), now=timezone.now(), options={"steps": 5})
"""
HERE = """
    import time

    def here(*_arguments, **_named):
        print("here", flush=True)
        time.sleep(60)
"""
NIGHT = """
    from django.utils import timezone
    from tuning.domain import automation, exports
"""
TOLD_OF_EXPORTS = """
    import json
    from django.conf import settings
    from tuning.models import DatasetMember, DatasetVersion, Export

    files = sorted(settings.FEEDBACK_EXPORT_DIR.iterdir())
    print(json.dumps({
        "files": {file.name: file.read_text() for file in files},
        "exports": list(Export.objects.values("file_name", "status", "rows", "sha256")),
        "versions": DatasetVersion.objects.count(),
        "members": DatasetMember.objects.count(),
    }))
"""
DRIVE = """
    from datetime import timedelta
    from django.utils import timezone
    from tuning.domain import evaluations, exports, gates, runs
    from tuning.models import TuningRun

    def drive(now, seconds=40):
        last = time.monotonic() + seconds
        while TuningRun.objects.active().exists() and time.monotonic() < last:
            now += timedelta(seconds=6)
            runs.reconcile(now)
            time.sleep(0.02)
"""
TOLD_OF_RUNS = """
    import json
    from pathlib import Path
    from django.conf import settings
    from tuning.models import Evaluation, EvaluationAnswer, ModelVersion, RunEvent

    run = TuningRun.objects.get()
    evaluation = Evaluation.objects.get()
    answers = list(EvaluationAnswer.objects.values_list("member", "slice"))
    points = list(RunEvent.objects.filter(kind="loss").values_list("step", flat=True))
    steps = RunEvent.objects.filter(kind="step").order_by("id")
    print(json.dumps({
        "status": run.status,
        "steps": list(steps.values_list("message", flat=True)),
        "points": points,
        "versions": list(ModelVersion.objects.exclude(run=None).values_list("name", "status")),
        "answers": [len(answers), len(set(answers)), len(evaluations.plan(evaluation))],
        "gates": evaluation.gates.exclude(measured=None).count() > 0,
        "jobs": [folder.name == run.label for folder in (settings.TUNING_DIR / "jobs").iterdir()],
        "adopted": RunEvent.objects.filter(message__startswith="adopted").count(),
    }))
"""
# Where the worker stands when it is killed: what it calls next never returns.
PLACES = {
    "preparing": """
    real = exports.write_whole
    def once(*arguments):
        real(*arguments)
        here()
    exports.write_whole = once
""",
    "uploading": """
    real = runs._step
    runs._step = lambda run, to, *rest, **named: (
        here() if to == "training" else real(run, to, *rest, **named)
    )
""",
    "training": """
    real = runs._step
    runs._step = lambda run, to, *rest, **named: (
        here() if to == "evaluating" else real(run, to, *rest, **named)
    )
""",
    "evaluating": """
    evaluations.PORTION = 5
    real = evaluations.look
    asked = []
    def look(*arguments):
        asked.append(1)
        return real(*arguments) if len(asked) == 1 else here()
    evaluations.look = look
""",
    "judging": """
    gates.judge = here
""",
}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory, django_db_setup) -> Iterator[Hub]:
    """A prepared hub with approved pairs; each test works on a copy."""
    hub = Hub(tmp_path_factory.mktemp("hub"))
    hub.script(SEED)
    yield hub
    hub.drop()


@pytest.fixture
def hub(seeded, tmp_path) -> Iterator[Hub]:
    hub = Hub(tmp_path / "hub", seeded)
    yield hub
    hub.drop()


@pytest.mark.parametrize(
    "place",
    [
        # Before the file has its name, and between that and the row's completion.
        "exports.Path.replace = here",
        "exports.move = here",
    ],
)
def test_an_export_that_is_killed_is_finished_by_the_next_night(hub, place):
    hub.killed(f"{HERE}{NIGHT}\n    {place}\n    automation.night(timezone.now())")
    left = hub.script(f"{NIGHT}{TOLD_OF_EXPORTS}")
    assert [export["status"] for export in left["exports"]] == ["pending"]
    for _ in range(2):
        hub.script(f"{NIGHT}\n    automation.night(timezone.now())")
        told = hub.script(f"{NIGHT}{TOLD_OF_EXPORTS}")
        (export,) = told["exports"]
        text = told["files"][export["file_name"]]
        assert (export["status"], told["versions"], told["members"]) == ("completed", 1, 40)
        assert export["sha256"] == hashlib.sha256(text.encode()).hexdigest()
        assert export["rows"] == len(text.splitlines()) == len(set(text.splitlines()))
        # What the killed one had written under the name is the same to the byte.
        assert left["files"].get(export["file_name"], text) == text
        whole = [name for name in told["files"] if not name.startswith(".")]
        assert whole == [export["file_name"]]


@pytest.mark.parametrize("place", PLACES)
def test_a_run_whose_worker_is_killed_goes_on_at_the_next_look(hub, place):
    hub.script(LAUNCH)
    hub.killed(f"{HERE}{DRIVE}{PLACES[place]}\n    drive(timezone.now())")
    # The killed worker's lease has to run out first.
    after = "timezone.now() + timedelta(minutes=6)"
    told = hub.script(f"{HERE}{DRIVE}\n    drive({after})\n{TOLD_OF_RUNS}")
    asked, different, planned = told["answers"]
    assert told["status"] == "succeeded"
    assert told["steps"] == ["preparing", "uploading", "training", "evaluating", "succeeded"]
    assert asked == different == planned > 0
    assert told["points"] == [1, 2, 3, 4, 5]
    assert [name for name, _status in told["versions"]] == ["v1.0"]
    assert told["versions"][0][1] in ("gated", "barred")
    assert told["gates"]
    assert told["jobs"] == [True]
    assert told["adopted"] == (1 if place == "uploading" else 0)
