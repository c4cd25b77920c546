"""What every other part stands on: errors, files, encoding, random streams, threads and devices."""

from rlft.core.errors import InputError, NumericalError
from rlft.core.registry import register
from rlft.core.streams import Role, stream

__all__ = ["InputError", "NumericalError", "Role", "register", "stream"]
