"""The glossary: every term of the course's source documents, and a link from every lesson."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlft.core.files import PACKAGE

NOTEBOOKS = PACKAGE.parent / "notebooks"
CELLS = json.loads((NOTEBOOKS / "glossary.ipynb").read_text(encoding="utf-8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
TERMS = (
    "Reinforcement learning (RL)", "Offline RL", "Online RL", "Fine-tuning", "Distribution shift",
    "Catastrophic forgetting", "Q-function", "Policy gradient", "Temporal-difference (TD) error",
    "Conservative Q-learning (CQL)", "Calibrated Q-learning (Cal-QL)", "WSRL, warm start",
    "Warm-up", "Update-to-data ratio (UTD)", "Markov decision process (MDP)", "Objective",
    "Bellman equation", "Soft actor-critic (SAC)", "KL divergence",
    "Out-of-distribution (OOD) error", "In-sample actor-critic (InAC)",
    "Off-policy evaluation (OPE)", "Fitted Q evaluation (FQE)", "Entropy, temperature",
    "Jump start (JSRL)", "AJS, automatic jump start", "PORL", "Retention", "Downward spiral",
    "Interquartile mean (IQM)", "Stratified bootstrap", "Performance profile",
    "Probability of improvement",
)  # fmt: skip


@pytest.mark.parametrize("term", TERMS)
def test_the_term_is_explained(term: str) -> None:
    assert f"**{term}.**" in TEXT


def test_it_only_holds_text() -> None:
    assert {cell["cell_type"] for cell in CELLS} == {"markdown"}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_every_lesson_links_to_it(lesson: Path) -> None:
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    assert any("(glossary.ipynb)" in "".join(cell["source"]) for cell in cells)
