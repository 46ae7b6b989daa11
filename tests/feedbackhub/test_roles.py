"""The four roles: made with their permissions where absent, then the admin's (B10)."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User

from feedbackhub import roles

pytestmark = pytest.mark.django_db


def permissions(name: str) -> set[str]:
    return set(Group.objects.get(name=name).permissions.values_list("codename", flat=True))


@pytest.mark.parametrize("name", list(roles.ROLES))
def test_a_role_has_every_permission_that_is_meant(name):
    """A misspelt one would be left out in silence."""
    roles.ensure()
    assert permissions(name) == set(roles.ROLES[name])


def test_they_are_made_once():
    assert (roles.ensure(), roles.ensure()) == (4, 0)


def test_what_the_admin_changed_stays():
    roles.ensure()
    group = Group.objects.get(name="Peninjau")
    group.permissions.set(Permission.objects.filter(codename="view_pair"))
    Group.objects.get(name="Operator").delete()
    assert roles.ensure() == 1
    assert permissions("Peninjau") == {"view_pair"}
    assert permissions("Operator") == set(roles.OPERATOR)


@pytest.mark.parametrize(
    ("permission", "may"),
    [
        ("reviews.review_pair", {"Peninjau", "Peninjau senior", "Kurator"}),
        ("reviews.adjudicate_pair", {"Peninjau senior", "Kurator"}),
        ("tuning.add_tuningrun", {"Kurator"}),
        ("tuning.add_datasetversion", {"Kurator"}),
        ("tuning.activate_modelversion", {"Operator"}),
        ("tuning.override_gate", {"Operator"}),
        ("reviews.add_clientkey", {"Operator"}),
        ("django_celery_beat.change_periodictask", {"Operator"}),
        ("reviews.view_feedback", set(roles.ROLES)),
        ("reviews.add_golditem", {"Kurator"}),
        ("reviews.view_golditem", {"Kurator"}),
        ("reviews.change_claim", {"Kurator"}),
        ("reviews.change_reviewer", {"Kurator"}),
        ("reviews.add_checklist", {"Kurator"}),
        ("reviews.change_checklist", set()),
        ("reviews.view_verdict", {"Peninjau senior", "Kurator"}),
        ("reviews.delete_pair", set()),
        ("reviews.change_pairrevision", set()),
        ("reviews.change_verdict", set()),
        ("reviews.change_statuschange", set()),
        ("auth.change_user", set()),
    ],
)
def test_who_may_do_what(permission, may):
    roles.ensure()
    found = set()
    for name in roles.ROLES:
        user = User.objects.create_user(name, is_staff=True)
        user.groups.add(Group.objects.get(name=name))
        if user.has_perm(permission):
            found.add(name)
    assert found == may
