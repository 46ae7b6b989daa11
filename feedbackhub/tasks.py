"""Tasks of the edge: each makes one domain call and is safe to run twice."""

from celery import shared_task
from django.utils import timezone

from feedbackhub import logins


@shared_task(name="feedbackhub.prune_logins")
def prune_logins() -> None:
    logins.prune(timezone.now())
