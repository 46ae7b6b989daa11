"""kill -9 of real processes: the next look finishes, nothing twice, nothing lost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.standins.storage import Storage
from tests.standins.vertex import PROJECT, Vertex, credentials
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
    from tuning.domain import evaluations, exports, gates, jobs, looks
    from tuning.models import TuningRun

    def drive(now, seconds=40):
        last = time.monotonic() + seconds
        while TuningRun.objects.active().exists() and time.monotonic() < last:
            now += timedelta(seconds=6)
            looks.reconcile(now)
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
        "answers": [len(answers), len(set(answers)), len(evaluations.plan(run.dataset_version))],
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
    real = looks._step
    looks._step = lambda run, to, *rest, **named: (
        here() if to == "training" else real(run, to, *rest, **named)
    )
""",
    "training": """
    real = looks._step
    looks._step = lambda run, to, *rest, **named: (
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


CUT = """
    import time
    from django.db import InterfaceError, OperationalError, connection, connections

    def here(*_arguments, **_named):
        \"""The database is restarted under the worker: each of its connections is gone.\"""
        import psycopg

        if done:
            return None
        done.append(1)
        row = connection.settings_dict
        address = {"dbname": row["NAME"], "host": row["HOST"], "port": row["PORT"]}
        who = {"user": row["USER"], "password": row["PASSWORD"]}
        with psycopg.connect(**address, **who, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    done, cut = [], []
"""
DRIVE_ON = """
    real_reconcile = looks.reconcile

    def reconcile(now):
        try:
            # The lease of the look that was cut off has to run out.
            return real_reconcile(now + timedelta(minutes=6 * len(cut)))
        except (InterfaceError, OperationalError):
            cut.append(1)
            connections.close_all()

    looks.reconcile = reconcile
    drive(timezone.now())
    assert done, "nothing was cut off"
"""
# Where the connection is cut: before the call does what it always does.
CUTS = {
    "preparing": "exports.write_whole",
    "uploading": "looks._step",
    "training": "jobs.note",
    "evaluating": "evaluations.look",
    "judging": "gates.judge",
}
CUT_AT = """
    real_call = {call}

    def cut_off(*arguments, **named):
        here()
        return real_call(*arguments, **named)

    {call} = cut_off
"""


@pytest.mark.parametrize("place", CUTS)
@pytest.mark.skipif(settings.SQLITE, reason="needs PostgreSQL: a file is not restarted")
def test_a_run_goes_on_after_the_database_was_restarted(hub, place):
    hub.script(LAUNCH)
    told = hub.script(f"{CUT}{DRIVE}{CUT_AT.format(call=CUTS[place])}{DRIVE_ON}\n{TOLD_OF_RUNS}")
    assert told["status"] == "succeeded"
    assert told["jobs"] == [True]
    assert [name for name, _status in told["versions"]] == ["v1.0"]


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


# --- on Vertex -----------------------------------------------------------------------------------
LAUNCH_ON_VERTEX = """
    from django.utils import timezone
    from reviews.models import Assistant
    from tuning.domain import datasets, runs
    from tuning.models import BaseModel

    model = BaseModel.objects.create(
        name="gemini-3.5-flash", provider="gemini", backend="vertex", price=3.0,
        tune_region="us-central1", region="us", token_limit=131072, adapter_sizes=[1, 4],
    )
    version = datasets.freeze(
        datasets.ensure(Assistant.objects.get(), "approved"), now=timezone.now()
    )
    runs.launch(version, model, now=timezone.now(), options={"epochs": 2})
"""
TOLD_OF_THE_RUN = """
    import json
    from tuning.models import ModelVersion, RunEvent

    run = TuningRun.objects.get()
    steps = RunEvent.objects.filter(kind="step").order_by("id")
    print(json.dumps({
        "status": run.status,
        "job": run.external_id,
        "steps": list(steps.values_list("message", flat=True)),
        "versions": list(ModelVersion.objects.candidates().values_list("name", flat=True)),
    }))
"""


@pytest.fixture
def vertex(monkeypatch, tmp_path) -> Iterator[Vertex]:
    """A service that this test's hubs tune on; a job takes a second."""
    with Storage() as storage, Vertex(storage, seconds=1) as service:
        file = tmp_path / "credentials.json"
        credentials(file, f"{service.tuning.origin}/token")
        places = ",".join(f"{origin}={place}" for place, origin in service.addresses.items())
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("GEMINI_PROJECT_ID", PROJECT)
        monkeypatch.setenv("GEMINI_BUCKET", storage.bucket)
        monkeypatch.setenv("GEMINI_ADDRESSES", places)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        yield service


@pytest.mark.parametrize("place", PLACES)
def test_on_vertex_a_run_whose_worker_is_killed_has_one_job(hub, vertex, place):
    hub.script(LAUNCH_ON_VERTEX)
    hub.killed(f"{HERE}{DRIVE}{PLACES[place]}\n    drive(timezone.now())")
    after = "timezone.now() + timedelta(minutes=6)"
    told = hub.script(f"{HERE}{DRIVE}\n    drive({after})\n{TOLD_OF_THE_RUN}")
    assert told["status"] == "succeeded"
    assert told["steps"] == ["preparing", "uploading", "training", "evaluating", "succeeded"]
    assert told["versions"] == ["v1.0"]
    assert list(vertex.jobs) == [told["job"]]
