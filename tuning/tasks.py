"""Tasks of the machine floor: each makes one domain call and is safe to run twice."""

from celery import shared_task
from django.utils import timezone

from tuning.domain import automation, exports, looks, registry, succession, traffic


@shared_task(name="tuning.export_nightly")
def export_nightly() -> None:
    automation.night(timezone.now())


@shared_task(name="tuning.write_exports")
def write_exports() -> None:
    exports.write_pending(timezone.now())


@shared_task(name="tuning.reconcile_runs")
def reconcile_runs() -> None:
    looks.reconcile(timezone.now())


@shared_task(name="tuning.equip_assistants")
def equip_assistants() -> None:
    automation.equip()


@shared_task(name="tuning.retrain_weekly")
def retrain_weekly() -> None:
    automation.week(timezone.now())


@shared_task(name="tuning.evaluate_candidates")
def evaluate_candidates() -> None:
    registry.reconcile(timezone.now())


@shared_task(name="tuning.check_succession")
def check_succession() -> None:
    succession.daily(timezone.now())


@shared_task(name="tuning.roll_up_traffic")
def roll_up_traffic() -> None:
    traffic.roll_up(timezone.now())


@shared_task(name="tuning.purge")
def purge() -> None:
    traffic.prune(timezone.now())
