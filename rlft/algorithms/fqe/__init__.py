"""Fitted Q evaluation: its configuration, the learner, and the fit to logged data."""

from rlft.algorithms.fqe.config import Estimate, FQEConfig
from rlft.algorithms.fqe.learner import FQE
from rlft.algorithms.fqe.offline import fit_fqe, initial_states

__all__ = ["FQE", "Estimate", "FQEConfig", "fit_fqe", "initial_states"]
