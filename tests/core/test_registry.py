"""Names: what is added from outside is found, the library's stay its own, sources are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from rlft.core.encoding import cache_key
from rlft.core.errors import InputError
from rlft.core.registry import TYPES, Registry, register, source_of


@pytest.fixture
def shapes() -> Registry[object]:
    """A registry of tuples."""
    return Registry("shape", lambda value: isinstance(value, tuple), lambda value: str(len(value)))


def test_a_value_is_found_under_its_name_or_the_one_given(shapes: Registry[object]) -> None:
    value = (1, 2)
    assert register(value) is value
    register((3,), "one")
    assert dict(shapes) == {"2": (1, 2), "one": (3,)}
    assert shapes.key_of(value) == "2" and shapes.key_of((9, 9)) is None


def test_an_unknown_name_lists_its_neighbours(shapes: Registry[object]) -> None:
    shapes.add("round", ())
    with pytest.raises(InputError, match=r"Unknown shape 'rond'\. Did you mean 'round'.*Ask\."):
        shapes.find("rond", "Ask.")


def test_names_of_the_library_cannot_be_taken_and_own_ones_can_be_used_again(
    shapes: Registry[object],
) -> None:
    shapes.add("3", (0, 0, 0))
    with pytest.raises(InputError, match=r"a shape named '3' in the library.*name='my-3'"):
        register((1, 1, 1))
    assert shapes["3"] == (0, 0, 0)
    register((1, 2), "mine")
    register((3, 4), "mine")  # the cell is run again
    assert shapes["mine"] == (3, 4)


def test_what_has_no_place_is_refused() -> None:
    with pytest.raises(InputError, match=r"3\.5 cannot be registered: give a Learner class"):
        register(3.5)


def test_register_is_a_decorator_too() -> None:
    @register
    @dataclass(frozen=True)
    class Mine:
        size: int = 1

    assert TYPES["Mine"] is Mine


RULE = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Rule:
    size: int = 1

    def act(self):
        return {number}
"""


def made(path: Path, number: int) -> type:
    """The class that a file with this number in it defines."""
    path.write_text(RULE.format(number=number))
    scope: dict[str, object] = {"__name__": "__main__"}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    kind = scope["Rule"]
    assert isinstance(kind, type)
    return kind


def test_the_source_of_a_class_is_its_file_and_part_of_the_key(tmp_path: Path) -> None:
    keys = []
    for name, number in (("a.py", 1), ("b.py", 2), ("c.py", 1)):
        kind = made(tmp_path / name, number)
        assert f"return {number}" in source_of(kind)
        register(kind)
        keys.append(cache_key(kind()))
    assert keys[0] != keys[1] and keys[0] == keys[2]


def test_code_without_a_text_is_known_by_what_it_does(tmp_path: Path) -> None:
    sources = []
    for number in (1, 2, 1):
        scope: dict[str, object] = {"__name__": "__main__"}
        exec(RULE.format(number=number), scope)
        sources.append(source_of(scope["Rule"]))  # type: ignore[arg-type]
    assert sources[0] == sources[2] != sources[1]


def test_the_librarys_own_classes_have_no_source() -> None:
    assert source_of(Registry) == ""
    assert all(TYPES[name].__module__.startswith("rlft.") for name in TYPES)
