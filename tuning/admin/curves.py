"""Curves of a run as the geometry of an SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.template.defaultfilters import floatformat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tuning.admin.quantities import duration
from tuning.enums import EventKind

WIDTH, HEIGHT = 640, 200
MOST = 400
"""Points drawn of a curve: more are not told apart, and make the page heavy."""

Points = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: `points` for a polyline, and the last value in words."""

    kind: str
    label: str | Promise
    points: str
    last: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves over the same steps, from `first` to `last` in words. `marks` are (y, words) of the
    scale, the highest first."""

    title: str | Promise
    across: str | Promise
    lines: tuple[Line, ...]
    marks: tuple[tuple[float, str], ...]
    first: str
    last: str


def thinned(points: Points) -> Points:
    """At most MOST of the points, evenly, with the first and the last."""
    if len(points) <= MOST:
        return points
    step = (len(points) - 1) / (MOST - 1)
    return [points[round(at * step)] for at in range(MOST)]


def _loss(value: float) -> str:
    return str(floatformat(value, 3))


def _step(value: float) -> str:
    return str(floatformat(value, "0g"))


def _share(value: float) -> str:
    return f"{value:.0%}"


def _chart(
    title: str | Promise,
    across: str | Promise,
    curves: Mapping[str, tuple[str | Promise, Points]],
    up: Callable[[float], str],
    along: Callable[[float], str],
) -> Chart | None:
    """A chart of the curves that have points; None where no curve has two."""
    drawn = {kind: (label, thinned(points)) for kind, (label, points) in curves.items() if points}
    if not any(len(points) > 1 for _label, points in drawn.values()):
        return None
    steps = [step for _label, points in drawn.values() for step, _value in points]
    values = [value for _label, points in drawn.values() for _step, value in points]
    first, last, low, high = min(steps), max(steps), min(values), max(values)
    across_span, up_span = max(last - first, 1), (high - low) or 1.0

    def place(step: int, value: float) -> str:
        x = (step - first) / across_span * WIDTH
        y = HEIGHT - (value - low) / up_span * HEIGHT
        return f"{x:.1f},{y:.1f}"

    lines = tuple(
        Line(kind, label, " ".join(place(*point) for point in points), up(points[-1][1]))
        for kind, (label, points) in drawn.items()
    )
    scale = ((0.0, high), (HEIGHT / 2, (high + low) / 2), (float(HEIGHT), low))
    marks = tuple((y, up(value)) for y, value in scale)
    return Chart(title, across, lines, marks, along(first), along(last))


def of_run(points: Mapping[str, Points]) -> Chart | None:
    """The loss curves of a run; its progress where the service tells no losses."""
    loss = _chart(
        _("Loss"),
        _("step"),
        {
            "loss": (_("in training"), points.get(EventKind.LOSS, [])),
            "validation": (_("on held-out data"), points.get(EventKind.VALIDATION, [])),
        },
        _loss,
        _step,
    )
    progress = {"progress": (_("progress"), points.get(EventKind.PROGRESS, []))}
    return loss or _chart(_("Progress"), _("time"), progress, _share, duration)
