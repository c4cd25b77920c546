"""Resuming: the whole state of pre-training in one file, so that an interruption costs minutes.

The file holds weights, Adam's moments, both random streams and the metrics so far, and it says what
it belongs to. What goes on from it is bit for bit what the uninterrupted run would have been, so a
checkpoint of another configuration is refused, never adapted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from rlft.algorithms import Config, Learner
from rlft.core.checks import at_least
from rlft.core.encoding import brought_up_to_date, to_json
from rlft.core.errors import InputError
from rlft.core.files import load_note, load_tensors, save_tensors
from rlft.core.registry import stored
from rlft.data import Transitions
from rlft.finetune.recorder import Recorder

# Raised whenever an older file could be misread. Files without a number have format 1, which
# named the modules of types; they are read through the table of former names.
FORMAT = 2
OLDEST = 1
# Differences that a message lists; another algorithm differs in a dozen fields at once.
LISTED = 4


@stored
@dataclass(frozen=True)
class Setup:
    """Everything that decides what pre-training computes, save for how long.

    Attributes:
        config: the algorithm.
        data: the logged transitions.
        seeds: S.
        seed: start of the random stream.
        log_every: updates between two recorded metrics.
        device: "cpu" or "cuda": each draws other random numbers from the same seed.
    """

    config: Config
    data: Transitions
    seeds: int
    seed: int
    log_every: int
    device: str


class Checkpoint:
    """The file from which a pre-training goes on.

    Args:
        path: the file; it need not exist yet.
        setup: what the file must belong to.
        learner: S learners; saved, and restored in place.
        generator: source of the batches, likewise.
        recorder: metrics so far, likewise.
    """

    def __init__(
        self,
        path: Path,
        setup: Setup,
        learner: Learner,
        generator: torch.Generator,
        recorder: Recorder,
    ):
        self.path, self.setup = path, setup
        self.learner, self.generator, self.recorder = learner, generator, recorder

    def save(self, updates: int, seconds: float) -> None:
        """Replaces the file, completely or not at all.

        Args:
            updates: made so far.
            seconds: spent so far.

        Raises:
            InputError: if the folder cannot be written to.
        """
        tensors = {f"learner/{key}": value for key, value in self.learner.state_dict().items()}
        for name, values in self.recorder.history().items():
            tensors[f"history/{name}"] = torch.from_numpy(values)
        tensors["batches"] = self.generator.get_state()
        setup = to_json(self.setup)
        note = {"format": FORMAT, "setup": setup, "updates": updates, "seconds": seconds}
        save_tensors(self.path, tensors, json.dumps(note))

    def restore(self, steps: int) -> tuple[int, float]:
        """Brings learner, generator and recorder to the file's state; without a file does nothing.

        Args:
            steps: updates that are wanted altogether.

        Returns:
            Updates made and seconds spent so far.

        Raises:
            InputError: if the file is damaged, belongs to another setup, or is beyond `steps`.
        """
        if not self.path.exists():
            return 0, 0.0
        try:
            tensors, note = load_tensors(self.path), json.loads(load_note(self.path))
            found = int(note.get("format", OLDEST))
            setup, updates, seconds = note["setup"], int(note["updates"]), float(note["seconds"])
        except (InputError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = error.__cause__ or error  # the file itself is to blame, not its folder
            raise InputError(
                f"The file {str(self.path)!r} is no checkpoint of pre-training, or damaged "
                f"({reason}). Delete it to start from the beginning, or give another path."
            ) from error
        if found > FORMAT:
            raise InputError(
                f"The checkpoint {str(self.path)!r} has format {found}, this version of rlft reads "
                f"formats up to {FORMAT}. Use the version that wrote it, or give another path."
            )
        self._check(brought_up_to_date(setup), updates, steps)
        parts = {
            kind: {
                key.removeprefix(kind): value
                for key, value in tensors.items()
                if key.startswith(kind)
            }
            for kind in ("learner/", "history/")
        }
        self.learner.load_state_dict(parts["learner/"])
        self.recorder.restore({k: v.numpy() for k, v in parts["history/"].items()})
        self.generator.set_state(tensors["batches"])
        return updates, seconds

    def _check(self, setup: Any, updates: int, steps: int) -> None:
        """Raises unless the file belongs to this setup and is not beyond `steps`."""
        there, here = dict(_leaves(setup)), dict(_leaves(to_json(self.setup)))
        names = [name for name in here | there if there.get(name) != here.get(name)]
        if names:
            listed = "; ".join(
                f"{name} is {there.get(name)!r} there and {here.get(name)!r} here"
                for name in names[:LISTED]
            )
            more = f"; and {len(names) - LISTED} more" if len(names) > LISTED else ""
            raise InputError(
                f"The checkpoint {str(self.path)!r} belongs to another pre-training: {listed}"
                f"{more}. Give another path, delete the file, or go on with its own settings."
            )
        hint = f"The checkpoint {str(self.path)!r} has made that many; or give another path."
        at_least(updates, steps=steps, hint=hint)


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The numbers and strings of nested JSON with their dotted names."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{name}.{key}".lstrip("."))
    else:
        yield name, value
