"""A field of a recipe by its dotted name: what is changed, and what is refused with which words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small import make_recipe

from rlft.core.errors import InputError
from rlft.experiments.sweep.fields import with_field
from rlft.recipes import find_recipe


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("online.utd", 4, 4),
        ("online.learner.batch_size", 32, 32),
        ("online.learner.gamma", 1, 1.0),
        ("online.idle_steps", True, True),
        ("online.learning_starts", "none", None),
        ("online.learning_starts", 7, 7),
        ("online.policy_batch", "all", "all"),
        ("online.learner.critics.hidden", [16, 8], (16, 8)),
    ],
)
def test_a_field_gets_another_value_and_all_else_stays(
    path: str, value: object, expected: object
) -> None:
    before = make_recipe()
    after = with_field(before, path, value)
    found, old = after, before
    for name in path.split("."):
        found, old = getattr(found, name), getattr(old, name)
    assert found == expected and type(found) is type(expected)
    back = list(old) if isinstance(old, tuple) else "none" if old is None else old
    assert with_field(after, path, back) == before


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("online.udt", 4, r"Unknown field of Online 'udt'\. Did you mean 'utd'.*'online\.udt'"),
        ("onlin.utd", 4, r"Unknown field of Recipe 'onlin'\. Did you mean 'online'"),
        ("online.utd", "4", r"online\.utd='4': expected a whole number\. Write"),
        ("online.utd", 4.5, r"online\.utd=4\.5: expected a whole number"),
        ("online.utd", True, r"online\.utd=True: expected a whole number"),
        ("online.idle_steps", 1, r"online\.idle_steps=1: expected true or false"),
        ("online.policy_batch", "some", r"expected \"last\" or \"all\""),
        ("online.learning_starts", "no", r"expected a whole number or \"none\""),
        ("online.learner.critics.hidden", 16, r"hidden=16: expected a list"),
        ("online.learner.critics.hidden", ["a"], r"hidden=\['a'\]: expected a list"),
        ("online.utd", 0, r"online\.utd = 0: utd=0: expected 1 or more"),
        ("guide.utd", 2, r"'guide' is none, which has no fields"),
        ("online.utd.more", 2, r"'utd' is 1, which has no fields"),
        ("acting", "mine", r"acting='mine': expected no value.*recipe of your own"),
        ("warmup", 5, r"'warmup' has fields of its own: warmup\.steps"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(path: str, value: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        with_field(make_recipe(), path, value)


def test_any_recipe_can_be_changed_in_depth() -> None:
    jsrl = find_recipe("jsrl")
    assert jsrl.prior is not None
    changed = with_field(jsrl, "prior.steps", 7)
    assert changed == replace(jsrl, prior=replace(jsrl.prior, steps=7))
