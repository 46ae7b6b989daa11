"""What a LoRA job says while it works: state.json, heartbeat, and whether it is asked to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tuning.backends import jobs
from tuning.backends.base import Checkpoint


class Cancelled(Exception):
    """The job's `cancel` file is there."""


class Report:
    """The state of the folder's job; of several processes that train together only the first, the
    `speaker`, writes."""

    def __init__(self, folder: Path, *, speaker: bool = True) -> None:
        self.folder, self.speaker = folder, speaker
        self.state: dict[str, Any] = {"status": "running", "losses": [], "validation_losses": []}
        self.state |= jobs.read(folder / "state.json") or {}
        # Each step that is done, or found done, says its own again.
        self.state["warnings"] = []

    def say(self, **changes: Any) -> None:
        """Change the state and write it whole. Progress never goes back: a resumed job repeats
        some steps."""
        if "progress" in changes:
            changes["progress"] = max(changes["progress"], self.state.get("progress", 0.0))
        self.state |= changes
        if self.speaker:
            jobs.replace(self.folder / "state.json", self.state)
        self.beat()

    def beat(self) -> None:
        """Still alive; raises Cancelled where the job is asked to end."""
        if self.speaker:
            jobs.beat(self.folder)
        if (self.folder / "cancel").exists():
            raise Cancelled

    def end(self, **changes: Any) -> None:
        """The last word. A job that is asked to end now has ended already."""
        self.state |= changes
        jobs.replace(self.folder / "state.json", self.state)

    def warn(self, message: str, **values: Any) -> None:
        """A sentence that whoever looks at the run should read, though it ends well."""
        self.say(warnings=[*self.state["warnings"], [message, values]])

    def result(self, **parts: Any) -> None:
        self.say(result=self.state.get("result", {}) | parts)

    # --- training ---------------------------------------------------------------------------------
    def resumed(self, step: int) -> None:
        """Points past the step will come again."""
        for name in ("losses", "validation_losses"):
            self.state[name] = [point for point in self.state[name] if point[0] <= step]
        self.say()

    def loss(self, step: int, value: float, share: float, tokens: int) -> None:
        self.state["losses"].append([step, value])
        self.say(progress=share, tokens=tokens)

    def validation_loss(self, step: int, value: float) -> None:
        self.state["validation_losses"].append([step, value])
        self.say()

    def checkpoints(self, found: list[Checkpoint]) -> None:
        rows = [
            {"id": c.id, "step": c.step, "epoch": c.epoch, "reference": c.reference, "loss": c.loss}
            for c in found
        ]
        self.say(checkpoints=rows)
