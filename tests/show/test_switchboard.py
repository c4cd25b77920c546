"""The switchboard's widget: each tick answers at once, what is pressed runs, paper has it too."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small import make_prior, make_recipe

from rlft.core.errors import InputError, NumericalError
from rlft.finetune import Prior
from rlft.recipes.switchboard import NAMED, TICKS, Ticks, recipe_of, ticked
from rlft.results import read_switchboard
from rlft.show import Illustration, Switchboard, switchboard
from rlft.show.base.labels import number
from rlft.show.curves.switchboard import plot_switchboard
from rlft.show.widgets import frames, live

GRID = read_switchboard()
SMALL = ["policy_optimizer", "critics", "critic_optimizer"]


def alt_of(board: Switchboard) -> str:
    (alt,) = re.findall(r'<img alt="([^"]*)"', board.picture.value)
    return alt


def cells_of(html: str, row: str) -> list[str]:
    """The cells of one row of a table."""
    (line,) = re.findall(rf"<tr><th[^>]*>{re.escape(row)}</th>(.*?)</tr>", html)
    return re.findall(r"<td[^>]*>(.*?)</td>", line)


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is displayed, as in a notebook."""
    seen: list[Any] = []
    monkeypatch.setattr(frames, "display", seen.append)
    monkeypatch.setattr(frames, "get_ipython", lambda: object())
    return seen


def test_a_tick_changes_curve_numbers_and_recipe() -> None:
    board = Switchboard()
    before = alt_of(board), board.answer.value, board.picture.value
    assert board.ticked == NAMED["the naive start"]
    assert "The same recipe" in board.recipe.value
    board.boxes["data"].value = True  # what the space bar does to a focused box
    assert board.ticked == ticked(["policy", "critics", "data"])
    assert alt_of(board).startswith("SAC with policy, critics, offline data. ")
    assert (alt_of(board), board.answer.value, board.picture.value) != before
    assert all(a != b for a, b in zip((alt_of(board), board.answer.value), before, strict=False))
    mean, _ = cells_of(board.answer.value, "return at the end")
    assert mean.startswith(f"{GRID.outcome(board.ticked).final.mean():.1f} [")
    assert "handover.retention" in board.recipe.value
    board.boxes["data"].value = False
    assert (alt_of(board), board.answer.value, board.picture.value) == before


def test_differences_are_taken_seed_by_seed() -> None:
    board = Switchboard()
    board.boxes["warmup"].value = True
    ours, theirs = (GRID.outcome(t).change for t in (board.ticked, board.start))
    told, _ = cells_of(board.answer.value, "seed by seed, minus the naive start")
    assert told.startswith(f"{np.mean(ours - theirs):.1f} [")
    board.beside.value = "nothing"
    told, _ = cells_of(board.answer.value, "seed by seed, minus nothing")
    assert told.startswith(f"{np.mean(ours - GRID.outcome(Ticks()).change):.1f} [")


def test_boxes_without_an_effect_are_out_of_reach_and_their_ticks_count_nothing() -> None:
    board = Switchboard()
    assert not board.boxes["target_critics"].disabled
    board.boxes["target_critics"].value = True
    board.boxes["critics"].value = False
    assert board.boxes["target_critics"].disabled and board.boxes["critic_optimizer"].disabled
    assert board.ticked == ticked(["policy"])
    assert alt_of(board).startswith("SAC with policy. ")
    board.boxes["critics"].value = True  # it comes back as it was left
    assert board.ticked == ticked(["policy", "critics", "target_critics"])


def test_a_small_board_leaves_all_others_as_they_start() -> None:
    board = Switchboard(SMALL)
    assert list(board.boxes) == SMALL
    board.boxes["critics"].value = False
    assert board.ticked == ticked(["policy"])
    assert board.one_changed() == {
        "the naive start": ticked(["policy", "critics"]),
        "with policy's optimizer": ticked(["policy", "policy_optimizer", "critics"]),
        "without critics": ticked(["policy"]),
        "with critics' optimizer": ticked(["policy", "critics", "critic_optimizer"]),
    }


def test_every_control_has_a_name() -> None:
    board = Switchboard(own=make_recipe())
    assert [box.description for box in board.boxes.values()] == list(TICKS.values())
    assert board.beside.description and board.seeds.description
    assert [b.description for b in board.buttons.values()] == ["run live", "run test live"]


def test_without_a_widget_there_is_the_figure_with_its_words(
    displayed: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    switchboard(SMALL)
    assert displayed[0].children and isinstance(displayed[1], Illustration)
    monkeypatch.setattr(frames, "get_ipython", lambda: None)
    displayed.clear()
    switchboard()
    [picture] = displayed
    assert isinstance(picture, Illustration)
    for tick, label in TICKS.items():
        assert f"{label} {number(GRID.effect(tick).mean(), 1)} [" in picture.alt
    for name in NAMED:
        assert name in picture.alt
    assert "of 10" in picture.alt


def test_the_figure_takes_effects_where_the_others_stand() -> None:
    figure = plot_switchboard(
        GRID, {"start": NAMED["everything"]}, SMALL, others=Ticks(policy=True)
    )
    told = GRID.effect("critics", free=SMALL).mean()
    assert f"critics {number(told, 1)} [" in figure.alt


# --- runs of one's own --------------------------------------------------------------------------


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Prior:
    """Runs of 4 steps after the release, evaluated at 2 and 4, from a prior of 2 seeds."""
    monkeypatch.setattr(live, "AFTER", 4)
    monkeypatch.setattr(live, "EVERY", 2)
    return make_prior("inac", seeds=2)


def test_a_live_run_stands_beside_the_recorded_one(short: Prior) -> None:
    board = Switchboard(prior=short, own=make_recipe())
    told: list[float] = []
    board.progress.observe(lambda change: told.append(change["new"]), names="value")
    board.buttons["own"].click()
    assert "test starts at" in alt_of(board) and board.status.value.startswith("2 seeds")
    assert told == [0.5, 1.0] and board.progress.layout.visibility == "hidden"
    assert not board.buttons["own"].disabled
    board.boxes["data"].value = True
    assert "test starts at" in alt_of(board)  # one's own stays while ticks change
    assert board.seeds.disabled and board.seeds.value == 2


def test_a_live_run_of_the_ticks_belongs_to_these_ticks(
    short: Prior, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Any] = []
    real = live.finetune

    def finetune(prior: Prior, recipe: Any, **others: Any) -> Any:
        ran.append(recipe)
        return real(prior, make_recipe(), **others)

    monkeypatch.setattr(live, "finetune", finetune)
    board = Switchboard(prior=short)
    board.buttons["live"].click()
    assert ran == [recipe_of(board.ticked)]
    assert "live starts at" in alt_of(board)
    board.boxes["data"].value = True
    assert "live starts at" not in alt_of(board)
    board.boxes["data"].value = False
    assert "live starts at" in alt_of(board)


def test_a_prior_is_made_once_for_as_many_seeds_as_are_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    small = make_prior("inac", seeds=1)

    def pretrain(config: Any, data: Any, *, seeds: int, callback: Any, **_: Any) -> Prior:
        made.append(seeds)
        callback(1_000, None)
        return make_prior("inac", seeds=seeds)

    monkeypatch.setattr(live, "pretrain", pretrain)
    told: list[tuple[str, float]] = []
    mine = live.Live()
    first = mine.prior(2, lambda what, done: told.append((what, done)))
    assert mine.prior(2, lambda *_: None) is first and mine.prior(3, lambda *_: None) is not first
    assert made == [2, 3] and told == [("pre-training", 0.5)]
    assert live.Live(small).prior(2, lambda *_: None) is small


@pytest.mark.parametrize("error", [InputError("sizes <differ>"), NumericalError("sizes <differ>")])
def test_what_goes_wrong_is_said_and_the_board_goes_on(
    short: Prior, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def finetune(*_: Any, **others: Any) -> None:
        raise error

    monkeypatch.setattr(live, "finetune", finetune)
    board = Switchboard(prior=short)
    board.buttons["live"].click()
    assert board.status.value == '<span role="alert">sizes &lt;differ&gt;</span>'
    assert not board.buttons["live"].disabled
    board.boxes["data"].value = True
    assert "offline data" in alt_of(board)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ticks": ["critic"]}, "Unknown tick 'critic'.*'critics'"),
        ({"ticks": []}, r"ticks=\[\]: expected one or more"),
        ({"start": "wsrl"}, "Unknown start 'wsrl'"),
        ({"own": "sac"}, "own='sac': expected a Recipe.*find_recipe"),
    ],
)
def test_what_cannot_be_shown(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        switchboard(**arguments)


def test_a_live_run_needs_a_seed(short: Prior) -> None:
    with pytest.raises(InputError, match="seeds=0: expected 1 or more"):
        live.Live().prior(0, lambda *_: None)


def test_what_was_run_is_the_recipe_that_is_shown() -> None:
    board = Switchboard(["temperature"])
    board.boxes["temperature"].value = True
    assert "handover.temperature" in board.recipe.value
    one, other = recipe_of(board.start), recipe_of(board.ticked)
    assert (
        replace(one, handover=replace(one.handover, temperature=True), title=other.title) == other
    )
