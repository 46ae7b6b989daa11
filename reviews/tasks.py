"""Tasks of the ground floor: each makes one domain call and is safe to run twice."""

from celery import shared_task
from django.utils import timezone

from reviews.domain import feedback, flags, interactions, queue


@shared_task(name="reviews.link_feedback")
def link_feedback() -> None:
    feedback.link_pending(timezone.now())


@shared_task(name="reviews.process_interactions")
def process_interactions() -> None:
    interactions.process_and_link(timezone.now())


@shared_task(name="reviews.examine_pairs")
def examine_pairs() -> None:
    flags.examine_due()


@shared_task(name="reviews.tend_queue")
def tend_queue() -> None:
    queue.tend(timezone.now())
