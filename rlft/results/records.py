"""Where the course's recorded numbers lie: tables of studies, and the papers' claims on trial.

They are part of a checkout, in `studies` and `results`, and not of the installed library.
"""

from __future__ import annotations

from pathlib import Path

from rlft.core.errors import InputError
from rlft.core.files import PACKAGE


def find_record(name: str) -> Path:
    """A recorded file or folder of the course.

    It is looked for beside the library, as in a checkout that is installed with `pip install -e`;
    then in the working folder and in those above it, as in a notebook of a checkout beside which
    the library was installed by itself.

    Args:
        name: below the checkout's root, as in "studies/shootout/results.csv" or "results/claims".

    Returns:
        Its path.

    Raises:
        InputError: it is in none of these places; says how to get it.
    """
    if (beside := PACKAGE.parent / name).exists():
        return beside
    here = Path.cwd()
    for root in (here, *here.parents):
        # A folder of that name may lie anywhere; the course's has its notebooks beside it.
        if (root / name).exists() and (root / "notebooks").is_dir():
            return root / name
    script = Path(name).parent / "study.py"
    study = f", or make it anew there with `python {script}`" if "studies" in script.parts else ""
    raise InputError(
        f"The record {name!r} is not on this machine: looked beside the library in "
        f"{str(PACKAGE.parent)!r}, and from {str(here)!r} upwards. Recorded numbers come with the "
        "course's repository and not with the installed library. Get a checkout of it and start "
        f"the notebook there{study}."
    )
