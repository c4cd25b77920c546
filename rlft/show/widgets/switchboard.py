"""The switchboard: tick what crosses the switch and what is done first, and see what was recorded.

Every combination was run beforehand, so that a tick answers at once; a button runs the one that is
ticked now. Below it stands what no widget is needed for: the effect of each tick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import ipywidgets

from rlft.core.checks import one_of, refused
from rlft.core.errors import InputError, NumericalError
from rlft.core.table import Table
from rlft.evaluate import interval
from rlft.finetune import Prior
from rlft.recipes import Recipe, diff_recipes
from rlft.recipes.switchboard import NAMED, PARENTS, TICKS, Ticks, recipe_of
from rlft.results.switchboard import Grid, Outcome, outcome_of, read_switchboard, share
from rlft.show.base.figure import illustrate
from rlft.show.curves.switchboard import plot_outcomes, plot_switchboard
from rlft.show.widgets.frames import with_fallback
from rlft.show.widgets.live import Live

NAIVE = "the naive start"
GROUPS = {
    "What crosses the switch": (
        "policy",
        "policy_optimizer",
        "critics",
        "target_critics",
        "critic_optimizer",
        "temperature",
    ),
    "What it learns from": ("data",),
    "What comes first": ("fill", "warmup"),
}
LIVE_SEEDS = 3  # a first look in half a minute
INDENT = "24px"  # of what has no effect without the tick above it


def switchboard(
    ticks: Sequence[str] = tuple(TICKS),
    *,
    start: str = NAIVE,
    prior: Prior | None = None,
    own: Recipe | None = None,
) -> None:
    """Displays the switchboard, and below it a figure of what each tick does.

    The recorded grid has every combination from the same ten InAC priors of the detour's
    near-optimal data, as lesson 02 makes them; see `docs/switchboard.md`.

    Args:
        ticks: those that are shown, names of `Ticks`; all others stay as in `start`.
        start: a name of `rlft.recipes.switchboard.NAMED`, which is ticked at first.
        prior: where live runs start; None to pre-train one as the recorded ones.
        own: a recipe of your own, which gets a button to run it from the same prior.

    Raises:
        InputError: an unknown name, no tick, something that is no recipe, or a damaged record.
    """
    board = Switchboard(ticks, start=start, prior=prior, own=own)
    named = dict(NAMED) if len(board.ticks) == len(TICKS) else board.one_changed()
    static = plot_switchboard(board.grid, named, board.ticks, others=board.start)
    with_fallback(board.box, illustrate(static))


class Switchboard:
    """The widget and its state; arguments and errors as in `switchboard`.

    Attributes:
        box: what is displayed.
        boxes: a checkbox for each tick that is shown.
        beside: what the ticked combination is compared with, a name of `NAMED`.
        picture: the curves.
        answer: the numbers.
        recipe: what differs from the recipe beside it.
        buttons: run the ticked combination, and one's own recipe if there is one.
        status: how far a live run is, or why there is none.
    """

    def __init__(
        self,
        ticks: Sequence[str] = tuple(TICKS),
        *,
        start: str = NAIVE,
        prior: Prior | None = None,
        own: Recipe | None = None,
        grid: Grid | None = None,
    ) -> None:
        one_of(NAMED, start=start)
        for name in ticks:
            one_of(TICKS, tick=name)
        if not ticks:
            raise refused("ticks", ticks, "one or more", f"Choose from {', '.join(TICKS)}.")
        if own is not None and not isinstance(own, Recipe):
            hint = "Change a field of a known one: replace(rlft.find_recipe('sac'), ...)."
            raise refused("own", own, "a Recipe", hint)
        self.grid = grid or read_switchboard()
        self.ticks = tuple(name for name in TICKS if name in ticks)
        self.start, self.own = NAMED[start], own
        self.live, self.runs = Live(prior), {}
        self.boxes = {name: self._checkbox(name) for name in self.ticks}
        names = dict.fromkeys([start, *NAMED])
        self.beside = ipywidgets.Dropdown(
            options=list(names),
            description="beside",
            style={"description_width": "initial"},
            layout=ipywidgets.Layout(width="97%"),  # 300 pixels would reach over the curves
        )
        self.picture, self.answer, self.recipe, self.status = (ipywidgets.HTML() for _ in range(4))
        self.seeds = ipywidgets.BoundedIntText(
            LIVE_SEEDS if prior is None else prior.seeds, min=1, max=100, description="seeds",
            disabled=prior is not None, layout=ipywidgets.Layout(width="150px"),
        )  # fmt: skip
        self.progress = ipywidgets.FloatProgress(min=0, max=1, layout={"visibility": "hidden"})
        self.buttons = {"live": ipywidgets.Button(description="run live")}
        self.buttons["live"].on_click(lambda _: self.run_live(None))
        if own is not None:
            self.buttons["own"] = ipywidgets.Button(description=f"run {own.name} live")
            self.buttons["own"].on_click(lambda _: self.run_live(own))
        for control in (*self.boxes.values(), self.beside):
            control.observe(self.update, names="value")
        self.box = self._layout()
        self.update()

    @property
    def ticked(self) -> Ticks:
        """The combination that is ticked now."""
        ticks = self.start
        for name, box in self.boxes.items():
            ticks = ticks.but(name, bool(box.value))
        return ticks.canonical

    def one_changed(self) -> dict[str, Ticks]:
        """The first combination, and those that differ from it by one tick that is shown."""
        named = {}
        for name in self.ticks:
            ticked = getattr(self.start, name)
            ticks = self.start.but(name, not ticked).canonical
            if ticks != self.start:
                named[f"{'without' if ticked else 'with'} {TICKS[name]}"] = ticks
        return {str(self.beside.options[0]): self.start} | named

    def update(self, _: object = None) -> None:
        """Shows the answer to what is ticked now."""
        ticks = self.ticked
        for name, box in self.boxes.items():
            box.disabled = name in PARENTS and not getattr(ticks, PARENTS[name])
        outcomes = {"ticked": self.grid.outcome(ticks)}
        other = str(self.beside.value)
        if (beside := NAMED[other]) != ticks:
            outcomes[other] = self.grid.outcome(beside)
        if ticks in self.runs:
            outcomes["live"] = self.runs[ticks]
        if self.own is not None and self.own in self.runs:
            outcomes[self.own.name] = self.runs[self.own]
        figure = plot_outcomes(outcomes, title=f"SAC with {ticks}")
        told = answer(outcomes, paired=other), self._difference(ticks, beside)
        # Drawing takes longest: all three change together after it.
        self.picture.value = illustrate(figure).to_html()
        self.answer.value, self.recipe.value = told

    def run_live(self, recipe: Recipe | None) -> None:
        """Runs a recipe now, the ticked one by default, and draws it beside the recorded one."""
        ticks = self.ticked
        for button in self.buttons.values():
            button.disabled = True
        self.progress.layout.visibility = "visible"
        try:
            chosen = recipe or recipe_of(ticks)
            run = self.live.run(chosen, self.seeds.value, self._tell)
            self.runs[recipe or ticks] = outcome_of(run)
            self.status.value = f"{run.seeds} seeds, {run.seconds:.0f} s"
            self.update()
        except (InputError, NumericalError) as error:
            self.status.value = f'<span role="alert">{escape(str(error))}</span>'
        finally:
            self.progress.layout.visibility = "hidden"
            for button in self.buttons.values():
                button.disabled = False

    def _tell(self, what: str, done: float) -> None:
        self.status.value, self.progress.value = f'<span role="status">{what}</span>', done

    def _difference(self, ticks: Ticks, beside: Ticks) -> str:
        """What the ticks change in the recipe, folded."""
        names = "beside", "ticked"
        one, other = (recipe_of(t) for t in (beside, ticks))
        rows = diff_recipes(one, other).rows
        if not rows:
            return "The same recipe as beside."
        lines = [(field, *values) for field, values in rows]
        table = Table(("field", *names), lines, caption="What the ticks change", code=(0,))
        return f"<details><summary>The recipe: what is changed</summary>{table.html()}</details>"

    def _checkbox(self, name: str) -> ipywidgets.Checkbox:
        margin = INDENT if name in PARENTS and PARENTS[name] in self.ticks else "0"
        return ipywidgets.Checkbox(
            value=getattr(self.start, name),
            description=TICKS[name],
            indent=False,
            layout=ipywidgets.Layout(width="auto", margin=f"0 0 0 {margin}"),
        )

    def _layout(self) -> ipywidgets.HBox:
        left: list[ipywidgets.Widget] = []
        for title, names in GROUPS.items():
            if shown := [self.boxes[name] for name in names if name in self.boxes]:
                left += [ipywidgets.HTML(f"<b>{title}</b>"), *shown]
        left += [self.beside, self.seeds, *self.buttons.values(), self.progress, self.status]
        fixed = ipywidgets.Layout(width="230px", flex="0 0 auto")
        right = ipywidgets.VBox([self.picture, self.answer, self.recipe])
        return ipywidgets.HBox([ipywidgets.VBox(left, layout=fixed), right])


def answer(outcomes: Mapping[str, Outcome], paired: str) -> str:
    """The numbers of combinations as HTML, a column for each.

    Args:
        outcomes: name to outcome, first the one that is looked at.
        paired: the name of one that has the same seeds, if it is there.
    """
    body = {
        "the prior's return": lambda o: f"{interval(o.prior):.1f}",
        "mean return since the release, minus that": lambda o: f"{interval(o.change):.1f}",
        "lowest return": lambda o: f"{interval(o.lowest):.1f}",
        "drop from the prior": lambda o: f"{interval(o.drop):.1f}",
        "return at the end": lambda o: f"{interval(o.final):.1f}",
        "seeds that fall": lambda o: str(share(o.fell)),
        "seeds that find the short way": lambda o: str(share(o.found)),
        "policy moved (nats)": lambda o: f"{interval(o.moved):.2f}",
    }
    rows = [(name, *(cell(o) for o in outcomes.values())) for name, cell in body.items()]
    if paired in outcomes:
        gap = next(iter(outcomes.values())).change - outcomes[paired].change  # (S,)
        cells = (f"{interval(gap):.1f}", *[""] * (len(outcomes) - 1))
        rows.insert(2, (f"seed by seed, minus {paired}", *cells))
    table = Table(("", *outcomes), rows, caption="From the release on, mean and 95 % interval")
    return f'<div role="status">{table.html()}</div>'
