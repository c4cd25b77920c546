"""Short names for whatever can be added: learners, recipes, rules, schedules, datasets, styles.

The library fills its registries where the things are defined; `register` fills the same ones from a
notebook cell or a file of your own. A stored file holds these names and never the place of a class,
so it can be read after any move. What was added from outside brings its source along: results that
are kept under a key are made again when it changes.
"""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from types import CodeType
from typing import Any, Generic, TypeVar

from rlft.core.errors import InputError, unknown

T = TypeVar("T")
Entry = TypeVar("Entry")

# Where a class may come from whose text need not be kept: versions and the library's own digest
# tell of their changes. A notebook's cells are `__main__`.
WITH_A_VERSION = {"rlft", "torch", "numpy", "gymnasium", *sys.stdlib_module_names} - {"__main__"}


class Registry(Mapping[str, T], Generic[T]):
    """Name to entry, of one kind.

    Args:
        kind: what an entry is, for messages, as in ``"recipe"``.
        fits: whether a value that `register` is given belongs here.
        name_of: the name of a value for which none is given.
        also: called with name, value and source (see `add`) when something is added, for what else
            must know of it.
    """

    def __init__(
        self,
        kind: str,
        fits: Callable[[Any], bool],
        name_of: Callable[[Any], str],
        also: Callable[[str, Any, str | None], None] = lambda name, value, source: None,
    ) -> None:
        self.kind, self.fits, self.name_of, self._also = kind, fits, name_of, also
        self._entries: dict[str, T] = {}
        self.outside: dict[str, str] = {}  # name to source, of what is not the library's own
        KINDS.append(self)

    def __getitem__(self, name: str) -> T:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, name: str, hint: str = "") -> T:
        """The entry of a name.

        Raises:
            InputError: there is none; lists near matches, then the hint.
        """
        if name not in self._entries:
            raise unknown(self.kind, name, self._entries, hint)
        return self._entries[name]

    def add(self, name: str, value: T, source: str | None = None) -> None:
        """Adds an entry.

        Args:
            name: anything but a name of the library's own.
            value: what it stands for; it replaces what was added from outside under this name, as
                when a cell is run again.
            source: the text that defines it, if it comes from outside; None for the library's own.

        Raises:
            InputError: the library has something of that name.
        """
        if name in self._entries and name not in self.outside:
            raise InputError(
                f"There is a {self.kind} named {name!r} in the library, and kept results use that "
                f"name. Give yours another one: rlft.register(..., name='my-{name}')."
            )
        self._entries[name] = value
        if source is not None:
            self.outside[name] = source
        self._also(name, value, source)

    def key_of(self, value: object) -> str | None:
        """The name of this very object, None if it is not registered."""
        return next((name for name, known in self._entries.items() if known is value), None)


KINDS: list[Registry[Any]] = []


def register(value: Entry, name: str | None = None) -> Entry:
    """Gives something of yours a name, so that it can be asked for, stored and read again.

    Call it below a class or value in the notebook cell or file that defines it, or put it above a
    class as a decorator. Whoever reads a stored file that names yours must have registered it too.

    Args:
        value: a `Learner` class (its annotation ``config: MyConfig`` says which configuration is
            its own), a configuration, a `Recipe`, a `DatasetSpec`, a `Policy` class, a
            `MethodStyle`, an `AnyStart` (how an environment begins in any state), or a frozen
            dataclass that stands in recipes: an acting rule, a schedule, any part of them.
        name: what it is called; by default its own name.

    Returns:
        The value itself.

    Raises:
        InputError: it is none of these, or its name is one of the library's.
    """
    homes = [registry for registry in KINDS if registry.fits(value)]
    if not homes:
        raise InputError(
            f"{value!r} cannot be registered: give a Learner class, a Recipe, a DatasetSpec, a "
            "Policy class, a MethodStyle, an AnyStart, or a frozen dataclass such as an acting "
            "rule."
        )
    source = source_of(value if isinstance(value, type) else type(value))
    for registry in homes:
        registry.add(name or registry.name_of(value), value, source)
    return value


def stored(kind: type[Entry]) -> type[Entry]:
    """Registers a dataclass of the library under its own name, as a decorator."""
    for registry in KINDS:
        if registry.fits(kind):
            registry.add(kind.__name__, kind)
    return kind


def needs_a_name(value: object) -> str:
    """For kinds whose values have no name of their own: says that one must be given."""
    raise InputError(
        f"{type(value).__name__} has no name of its own: give one, rlft.register(..., name='mine')."
    )


def source_of(kind: type) -> str:
    """The text of the cells or files that define a class and its bases; "" for the library's own.

    Where the text cannot be read (code typed into an interpreter), the compiled code stands for it.
    """
    parts = []
    for base in inspect.getmro(kind):
        if base.__module__.split(".")[0] in WITH_A_VERSION:
            continue
        codes = [f.__code__ for f in vars(base).values() if inspect.isfunction(f)]
        texts = {code.co_filename: "".join(linecache.getlines(code.co_filename)) for code in codes}
        parts += [base.__qualname__, *(text for _, text in sorted(texts.items()) if text)]
        parts += [_compiled(code) for code in codes if not texts[code.co_filename]]
    return "\n".join(parts)


def _compiled(code: CodeType) -> str:
    """What a function does, without the lines at which it stands."""
    inner = [_compiled(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_name} {code.co_names} {code.co_code.hex()} {inner}"


TYPES: Registry[type] = Registry(
    "stored type",
    lambda value: isinstance(value, type) and is_dataclass(value),
    lambda value: value.__name__,
)
"""The dataclasses that a stored file may name: nothing else is ever made from one."""
