"""Fitted Q evaluation: its configuration, the learner, and the fit to logged data."""
