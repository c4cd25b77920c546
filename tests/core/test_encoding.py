"""JSON and keys: recipes come back, nothing unregistered goes in or out, keys follow content."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from maze_fakes import logged
from small import small

import rlft
from rlft.algorithms import SACConfig
from rlft.core.encoding import brought_up_to_date, cache_key, from_json, to_json
from rlft.core.errors import InputError
from rlft.core.registry import register
from rlft.nets.stacked import CriticConfig
from rlft.recipes import RECIPES, Handover, Online

DATA = logged(200)
CONFIG = small("sac")


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_survives_json(name: str) -> None:
    text = json.dumps(to_json(RECIPES[name]))
    assert from_json(json.loads(text)) == RECIPES[name]


@dataclass(frozen=True)
class Foreign:
    value: int = 1


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ({"__type__": "Foreign"}, r"type 'Foreign', which is not registered.*rlft\.register"),
        ({"__type__": "rlft.nets.StackedLinear"}, r"StackedLinear', which is not registered"),
        ({"__type__": "subprocess.Popen", "args": "ls"}, r"subprocess\.Popen"),
        (
            {"__type__": "CriticConfig", "width": 3},
            r"fields \['width'\], which this version.*\['ensemble', 'hidden', .*layer_norm",
        ),
        ({"__type__": "Source"}, r"lacks fields.*paper"),
    ],
)
def test_only_registered_types_are_made_from_json(stored: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_json(stored)


def test_what_is_not_registered_is_refused_at_saving_with_what_to_do() -> None:
    with pytest.raises(InputError, match=r"Foreign cannot be stored.*rlft\.register\(Foreign\)"):
        to_json(Foreign())
    register(Foreign)
    assert from_json(to_json(Foreign(3))) == Foreign(3)
    former = Foreign()
    register(type("Foreign", (Foreign,), {}))  # its cell is run again: another class of that name
    with pytest.raises(InputError, match="not registered again, after its cell was run anew"):
        to_json(former)


def test_what_is_no_configuration_cannot_be_stored() -> None:
    with pytest.raises(InputError, match=r"type function cannot be stored as JSON"):
        to_json({"schedule": lambda step: step})
    with pytest.raises(InputError, match=r"type dict cannot be stored"):
        to_json({1: 2})


def test_former_fields_are_read_as_what_they_meant() -> None:
    """A tick for all of Adam's states, and updates from the first step on."""
    for tick, today in ((True, ("policy", "critics", "temperature")), (False, ())):
        former = {**to_json(Handover()), "optimizers": tick}
        assert from_json(former) == Handover(optimizers=today)
        assert brought_up_to_date(former) == to_json(Handover(optimizers=today))
    online = to_json(Online(SACConfig()))
    del online["learning_starts"]
    assert from_json(online) == Online(SACConfig(), learning_starts=0)
    assert from_json(to_json(Online(SACConfig()))) == Online(SACConfig())


def test_former_names_are_read_as_todays() -> None:
    former = {"__type__": "rlft.nets.CriticConfig", "ensemble": 3}
    assert from_json(former) == CriticConfig(ensemble=3)
    within = brought_up_to_date({"a": [former]})
    assert within == {"a": [to_json(CriticConfig(ensemble=3))]}
    assert brought_up_to_date({"__type__": "Nobody", "b": 1}) == {"__type__": "Nobody", "b": 1}


def test_cache_keys_follow_every_field_the_data_and_the_type() -> None:
    register(Foreign)
    keys = [
        cache_key(CONFIG, DATA, 100),
        cache_key(replace(CONFIG, gamma=0.99), DATA, 100),
        cache_key(CONFIG, replace(DATA, rewards=DATA.rewards - 1), 100),
        cache_key(CONFIG, DATA, 101),
        cache_key(CONFIG),
        cache_key(Foreign()),
        cache_key({"value": 1}),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == cache_key(replace(CONFIG), DATA, np.int64(100))
    assert all(len(key) == 20 for key in keys)


def test_cache_keys_are_the_same_in_another_process() -> None:
    code = (
        "from rlft.core.encoding import cache_key;print(cache_key('a', {'b': 1, 'a': (2.5, None)}))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    other = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=Path(rlft.__file__).parents[1],
    )
    assert other.stdout.strip() == cache_key("a", {"a": [2.5, None], "b": 1})
