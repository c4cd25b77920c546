"""Sweeps: a grid of recipes, data, environments and blocks of seeds, on many cores or machines."""

from rlft.experiments.sweep.kept import load_sweep

__all__ = ["load_sweep"]
