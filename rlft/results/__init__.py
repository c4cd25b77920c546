"""Results on disk, and where they come from."""

from rlft.results.records import find_record
from rlft.results.store import load_prior, load_run, results_root, save_prior, save_run, saved_runs
from rlft.results.switchboard import read_switchboard

__all__ = [
    "find_record",
    "load_prior",
    "load_run",
    "read_switchboard",
    "results_root",
    "save_prior",
    "save_run",
    "saved_runs",
]
