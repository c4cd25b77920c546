"""Priors and runs that are kept: one experiment, methods side by side, and the headline."""
