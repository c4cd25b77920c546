"""What differs between recipes: every field that does, none that does not, and readable."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from small import make_recipe, small

from rlft.acting import EpsilonGreedy, Fixed, JumpStart, Linear, Stepped
from rlft.core.errors import InputError
from rlft.nets.stacked import CriticConfig
from rlft.recipes import RECIPES, Handover, Online, Pretraining, Warmup
from rlft.recipes.diff import RecipeDiff, diff_recipes

PLAIN = make_recipe()


def rows(diff: RecipeDiff) -> dict[str, tuple[str, ...]]:
    return dict(diff.rows)


def test_what_sac_and_wsrl_differ_in() -> None:
    found = rows(diff_recipes("sac", "wsrl"))
    sac, wsrl = RECIPES["sac"], RECIPES["wsrl"]
    assert found["online.learner.critics.ensemble"] == ("2", "10")
    assert found["online.utd"] == (str(sac.online.utd), str(wsrl.online.utd))
    assert found["handover.optimizers"] == ("()", "(policy, critics, temperature)")
    assert found["warmup.steps"] == ("0", f"{wsrl.warmup.steps:,}")
    assert not any(field.split(".")[0] in ("name", "title", "source", "preset") for field in found)
    assert "handover.policy" not in found and "online.learner.gamma" not in found


def test_only_what_differs_is_listed() -> None:
    other = replace(PLAIN, name="other", title="x", warmup=Warmup(steps=1_500))
    assert diff_recipes(PLAIN, other) == RecipeDiff(
        ("test", "other"), (("warmup.steps", ("0", "1,500")),)
    )


def test_equal_recipes_do_not_differ() -> None:
    diff = diff_recipes("sac", RECIPES["sac"])
    assert diff.rows == ()
    assert str(diff) == "sac and sac do not differ."
    assert diff._repr_html_() == "<p>sac and sac do not differ.</p>"


def test_every_pair_of_the_course_differs() -> None:
    assert all(diff_recipes(a, b).rows for a in RECIPES for b in RECIPES if a != b)


def test_the_text_is_a_table() -> None:
    text = str(
        diff_recipes(
            replace(PLAIN, name="a"),
            replace(PLAIN, name="b", handover=Handover(critics=False)),
            replace(PLAIN, name="c", online=replace(PLAIN.online, utd=20)),
        )
    )
    assert text.splitlines() == [
        "field             a    b   c",
        "------------------------------",
        "online.utd        1    1   20",
        "handover.critics  yes  no  yes",
    ]


def test_the_html_is_a_table_that_a_screen_reader_can_read() -> None:
    html = diff_recipes(PLAIN, replace(PLAIN, name="<b>", warmup=Warmup(3)))._repr_html_()
    assert "<caption>What differs between test and &lt;b&gt;</caption>" in html
    assert html.count("scope='col'") == 3 and html.count("scope='row'") == 1
    assert "<code>warmup.steps</code>" in html and ">3</td>" in html


def test_scales_stand_in_the_heads_where_they_differ() -> None:
    diff = diff_recipes("wsrl", "wsrl", presets=("course", "paper"))
    assert diff.names == ("wsrl (course)", "wsrl (paper)")
    assert rows(diff)["warmup.steps"][1] == "5,000"
    assert rows(diff)["preset"] == ("course", "paper")
    both = diff_recipes("sac", "wsrl", presets="paper")
    assert both.names == ("sac", "wsrl")
    assert rows(both)["online.utd"] == ("1", "4")
    assert rows(both)["online.idle_steps"] == ("no", "yes")
    assert "online.learner.polyak" not in rows(both)


def test_networks_that_cross_have_the_priors_shape() -> None:
    prior = Pretraining("cql", small("cql", critics=CriticConfig(ensemble=7, hidden=(8,))), 3)
    crosses = replace(PLAIN, name="crosses", prior=prior)
    fresh = replace(crosses, name="fresh", handover=Handover(critics=False))
    assert rows(diff_recipes(crosses, fresh))["online.learner.critics.ensemble"] == ("7", "2")
    guided = replace(crosses, guide=Online(small("inac")))
    found = rows(diff_recipes(crosses, guided))
    assert found["guide"] == ("none", "Online")
    assert found["guide.learner.critics.ensemble"] == ("-", "7")


def test_rules_of_different_kinds_show_their_own_fields() -> None:
    greedy = replace(PLAIN, name="greedy", acting=EpsilonGreedy(0.25))
    found = rows(diff_recipes(PLAIN, greedy))
    assert found["acting"] == ("LearnerActs", "EpsilonGreedy")
    assert found["acting.epsilon"] == ("-", "0.25")
    assert found["acting.of"] == ("-", "FrozenActs")
    assert "acting.schedule" not in found  # a rule's property, and no field of the recipe


def test_a_kind_with_many_fields_shows_those_that_are_not_its_defaults() -> None:
    jumps = replace(PLAIN, acting=JumpStart(schedule=Fixed(3)))
    default = rows(diff_recipes(jumps, "ajs"))
    assert default["acting.schedule"] == ("Fixed", "Automatic")
    assert not any(field.startswith("acting.schedule.tol") for field in default)
    ajs = RECIPES["ajs"]
    assert isinstance(ajs.acting, JumpStart)
    bolder = replace(ajs.acting, schedule=replace(ajs.acting.schedule, tolerance=7.5))  # type: ignore[call-arg]
    changed = rows(diff_recipes(jumps, replace(ajs, acting=bolder)))
    assert changed["acting.schedule.tolerance"] == ("-", "7.5")
    few = rows(diff_recipes(jumps, replace(PLAIN, acting=JumpStart(schedule=Linear()))))
    assert few["acting.schedule.share"] == ("-", "0.5")


def test_values_are_written_for_people() -> None:
    stages = replace(PLAIN, acting=JumpStart(schedule=Stepped((60, 0), tolerance=1 / 3)))
    other = replace(PLAIN, acting=JumpStart(schedule=Stepped(None)))
    found = rows(diff_recipes(stages, other))
    assert found["acting.schedule.stages"] == ("(60, 0)", "none")
    assert found["acting.schedule.tolerance"] == ("0.3333", "0.05")
    prior = replace(PLAIN, prior=Pretraining("cql", small("cql"), 4_000))
    found = rows(diff_recipes(PLAIN, prior))
    assert found["prior"] == ("none", "Pretraining")
    assert (found["prior.config"], found["prior.steps"]) == (("-", "CQLConfig"), ("-", "4,000"))


def test_what_only_one_recipe_has_is_shown_field_by_field() -> None:
    found = rows(diff_recipes("jsrl", "ajs", presets="paper"))
    assert found["guide"] == ("none", "Online")
    assert found["guide.learner"] == ("-", "InACConfig")
    assert found["guide.learner.policy.hidden"] == ("-", "(256, 256)")
    assert found["acting.schedule.fqe.critics.layer_norm"] == ("-", "no")
    assert not any("(" in value and "=" in value for line in found.values() for value in line)


@pytest.mark.parametrize("presets", ["course", "paper"])
def test_no_line_is_too_long_to_read(presets: str) -> None:
    for one, other in itertools.combinations(RECIPES, 2):
        assert_narrow(str(diff_recipes(one, other, presets=presets)))


def test_recipes_that_do_not_fit_side_by_side_go_on_below() -> None:
    names = ("sac", "wsrl", "ajs", "porl", "jsrl")
    diff = diff_recipes(*names)
    text = str(diff)
    assert_narrow(text)
    first, *others = (block.splitlines() for block in text.split("\n\n"))
    assert others and [line.split()[0] for line in first[2:]] == [field for field, _ in diff.rows]
    assert [name for block in (first, *others) for name in block[0].split()[1:]] == list(names)
    assert all(len(block) == len(first) for block in others)
    assert diff._repr_html_().count("scope='col'") == 1 + len(names)  # a page scrolls


def assert_narrow(text: str) -> None:
    assert max(map(len, text.splitlines())) < 100, text


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: diff_recipes("sac"), "recipes=1.*2 or more.*'wsrl'"),
        (lambda: diff_recipes("sac", "wrsl"), "recipe 'wrsl'.*'wsrl'"),
        (lambda: diff_recipes("sac", "wsrl", presets="papr"), "preset 'papr'.*'paper'"),
        (
            lambda: diff_recipes("sac", "wsrl", presets=("paper",)),
            "1 scales for 2 recipes.*one for each",
        ),
    ],
)
def test_what_cannot_be_compared(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
