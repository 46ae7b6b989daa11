"""The admin of what comes with Django, the scheduler and the log-in limit, in the hub's look."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

from axes.models import AccessAttempt
from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import ModelChoiceIterator
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_celery_beat.admin import PeriodicTaskAdmin as BeatPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from feedbackhub import clock, logins

for model in (User, Group, PeriodicTask, CrontabSchedule, IntervalSchedule, SolarSchedule):
    admin.site.unregister(model)
admin.site.unregister(ClockedSchedule)
admin.site.index_title = _("Overview")  # type: ignore[assignment]
_list_apps = admin.site.get_app_list
# Each page would list all apps with their permissions, though the sidebar is ours and shows none.
admin.site.get_app_list = lambda *of: SimpleLazyObject(partial(_list_apps, *of))  # type: ignore[assignment,method-assign]
# What other apps call their rows, they say in English or as a machine would.
apps.get_app_config("axes").verbose_name = _("Log-ins")  # type: ignore[assignment]
AccessAttempt.__str__ = logins.shown  # type: ignore[method-assign]
PeriodicTask.__str__ = lambda task: task.name
CrontabSchedule.__str__ = clock.cron
IntervalSchedule.__str__ = clock.interval


# --- people --------------------------------------------------------------------------------------
ACTIONS = {
    "add": _("Can add"),
    "change": _("Can change"),
    "delete": _("Can delete"),
    "view": _("Can view"),
}


class _ByKind(ModelChoiceIterator):  # type: ignore[type-arg]
    """Permissions under the kind of row that they are about, in the reader's language: the
    database holds their names in English."""

    def __iter__(self) -> Iterator[Any]:
        found = self.queryset.select_related("content_type")
        for kind, permissions in itertools.groupby(found, lambda found: found.content_type):
            yield kind.app_labeled_name, [self.choice(permission) for permission in permissions]


def _label(permission: Permission) -> str:
    action = permission.codename.removesuffix(f"_{permission.content_type.model}")
    return str(ACTIONS.get(action) or gettext(permission.name))


class _People:
    """What users and groups share. Boxes to tick: two lists side by side are too wide for a
    screen, and their scripts speak broken Indonesian."""

    class Media:
        css = {"all": ("feedbackhub/admin.css",)}

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
        if db_field.related_model is Permission:
            field.label_from_instance = _label
            field.iterator = _ByKind
            field.widget.choices = field.choices
        return field

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Without the ties: Django names them in English, and they say nothing to anybody."""
        found, counts, needed, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        ties = [model._meta for model in apps.get_models(True) if model._meta.auto_created]
        names = tuple(f"{capfirst(tie.verbose_name)}: " for tie in ties)
        plurals = {str(tie.verbose_name_plural) for tie in ties}
        left = {name: count for name, count in counts.items() if str(name) not in plurals}
        return _without(found, names), left, needed, protected


def _without(found: list[Any], names: tuple[str, ...]) -> list[Any]:
    """The nested list without the lines that begin with one of `names`, and without lists that
    are empty then."""
    kept = [_without(part, names) if isinstance(part, list) else part for part in found]
    return [part for part in kept if part and not str(part).startswith(names)]


@admin.register(User)
class UserAdmin(_People, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    # A person's permissions come from roles. One that was given by hand stays, but isn't offered.
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "groups", "is_superuser")}),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")


@admin.register(Group)
class GroupAdmin(_People, DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ModelAdmin):
    """Who failed to log in lately. Deleting a row lifts the lock; nothing else can be done."""

    fields = ("who", "ip_address", "failures_since_start", "attempt_time", "user_agent")
    readonly_fields = fields
    list_display = ("who", "ip_address", "failures_since_start", "attempt_time")
    search_fields = ("username", "ip_address")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("user name"), ordering="username")
    def who(self, attempt: AccessAttempt) -> str:
        return logins.shown(attempt)

    def delete_model(self, request: HttpRequest, obj: AccessAttempt) -> None:
        logins.unlock([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AccessAttempt]) -> None:
        logins.unlock(queryset)


# --- schedules -----------------------------------------------------------------------------------
class _TaskWidget(UnfoldAdminSelectWidget, TaskSelectWidget):
    """The scheduler's list of known tasks, in the hub's look."""


class _ScheduleForm(PeriodicTaskForm):
    """A known task and one time for it. What the scheduler's own form has besides, solar time and
    routing by hand, nobody here needs; a row that has it keeps it."""

    regtask = None
    task = forms.CharField(label=_("Task"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "task" in self.fields:
            # Made here: it asks Celery for its tasks, which needs all apps.
            self.fields["task"].widget = _TaskWidget()

    def _clean_json(self, field: str) -> Any:
        try:
            return super()._clean_json(field)
        except ValidationError as error:
            # The scheduler adds what the parser says, in English.
            raise ValidationError(_("This is not JSON.")) from error

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        if self.errors or "task" not in self.fields:
            return data
        data = super().clean()
        kept = self.instance.solar or self.instance.clocked
        if bool(data.get("interval")) + bool(data.get("crontab")) + bool(kept) != 1:
            raise ValidationError(_("Choose one time: an interval or a time of day."))
        return data

    def validate_unique(self) -> None:
        # It repeats in English what is wrong with the time.
        if not self.errors:
            super().validate_unique()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BeatPeriodicTaskAdmin, ModelAdmin):
    form = _ScheduleForm
    change_form_template = None
    date_hierarchy = None
    ordering = ("name",)
    list_display = ("name", "enabled", "when", "last_run_at")
    list_filter = ("enabled",)
    readonly_fields = ("last_run_at",)
    fieldsets = (
        (None, {"fields": ("name", "task", "enabled", "description")}),
        (
            _("Schedule"),
            {"fields": ("interval", "crontab", "start_time", "one_off", "last_run_at")},
        ),
        (
            _("Arguments"),
            {"fields": ("args", "kwargs", "expire_seconds"), "classes": ("collapse",)},
        ),
    )

    @admin.display(description=_("When"))
    def when(self, task: PeriodicTask) -> str:
        return clock.of(task)


class _CrontabForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        """The scheduler's own checks, whose messages are in English."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name in clock.FIELDS:
            try:
                CrontabSchedule._meta.get_field(name).run_validators(data.get(name))
            except ValidationError:
                self.add_error(
                    name, _('Numbers such as "0,30", spans such as "1-5", "*" or "*/5".')
                )
        return data


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(ModelAdmin):
    form = _CrontabForm
    list_display = ("__str__", "timezone")


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(ModelAdmin):
    list_display = ("__str__",)
