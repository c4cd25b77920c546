"""Results on disk, and where they come from."""

from rlft.results.store import load_prior, load_run, results_root, save_prior, save_run, saved_runs

__all__ = ["load_prior", "load_run", "results_root", "save_prior", "save_run", "saved_runs"]
