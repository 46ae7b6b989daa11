"""How domain functions refuse. The message is for whoever asked; each interface picks a status."""

from __future__ import annotations


class Refused(Exception):
    """A rule says no."""


class Invalid(Refused):
    """The data is wrong; `fields` says where and why."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in fields.items()))
        self.fields = fields


class Unknown(Refused):
    """There is no such thing, or it is somebody else's."""


class Expired(Refused):
    """It was there, and its time is over."""


class Conflict(Refused):
    """It clashes with what is already there."""


class Unavailable(Refused):
    """A part that this needs is away; the same call may work later."""
