"""The four roles (B10) as groups: made where absent, then the admin's to edit.

A permission that comes after the first release comes with a migration that grants it to the groups
that are there: once, so that what an admin took away stays away. Until then each database is made
with all of them.
"""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

_SEE = ["view_assistant", "view_category", "view_question", "view_pair", "view_pairrevision"]
_SEE += ["view_feedback", "view_correction", "view_checklist"]
REVIEWER = [*_SEE, "review_pair", "change_pair", "change_correction"]
# Not for reviewers: on pairs that wait they judge without knowing what others said.
SENIOR = [*REVIEWER, "adjudicate_pair", "view_verdict"]
CURATOR = [
    *SENIOR,
    "add_category",
    "change_category",
    "add_question",
    "change_question",
    "add_checklist",
    "view_reviewer",
    "add_reviewer",
    "change_reviewer",
    # Not for seniors: whoever sees gold items can't be measured by them.
    "view_golditem",
    "add_golditem",
    "change_golditem",
    "view_claim",
    "change_claim",
    "add_importrun",
    "view_importrun",
    "view_interaction",
    "view_statuschange",
    "view_dataset",
    "add_dataset",
    "change_dataset",
    "view_datasetversion",
    "add_datasetversion",
    "view_datasetmember",
    "view_export",
    "add_export",
    "view_basemodel",
    "view_tuningrun",
    "add_tuningrun",
    "change_tuningrun",
    "view_runevent",
    "view_evaluation",
    "view_evaluationanswer",
    "view_gate",
    "view_gateresult",
    "view_modelversion",
    "add_modelversion",
    "view_trafficwindow",
    "view_answer",
]
OPERATOR = [
    *_SEE,
    "add_assistant",
    "change_assistant",
    "view_promptversion",
    "add_promptversion",
    "view_requesttype",
    "add_requesttype",
    "change_requesttype",
    "view_clientkey",
    "add_clientkey",
    "change_clientkey",
    "view_statuschange",
    "view_interaction",
    "view_outcomecount",
    "view_datasetversion",
    "view_export",
    "view_tuningrun",
    "view_evaluation",
    "view_evaluationanswer",
    "view_gateresult",
    "view_gate",
    "change_gate",
    "view_basemodel",
    "add_basemodel",
    "change_basemodel",
    "view_modelversion",
    "activate_modelversion",
    "override_gate",
    "delete_tuned_model",
    "view_trafficwindow",
    "view_answer",
    "view_periodictask",
    "change_periodictask",
    "view_crontabschedule",
    "add_crontabschedule",
    "view_intervalschedule",
    "add_intervalschedule",
    "view_accessattempt",
    "delete_accessattempt",
]
ROLES = {
    "Peninjau": REVIEWER,
    "Peninjau senior": SENIOR,
    "Kurator": CURATOR,
    "Operator": OPERATOR,
}


APPS = ["reviews", "tuning", "django_celery_beat", "axes"]


def ensure() -> int:
    """Make the groups that are missing, with their permissions; returns how many."""
    made = 0
    for name, codenames in ROLES.items():
        group, created = Group.objects.get_or_create(name=name)
        if created:
            ours = Q(content_type__app_label__in=APPS)
            group.permissions.set(Permission.objects.filter(ours, codename__in=codenames))
            made += 1
    return made
