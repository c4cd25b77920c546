"""Trying an answer on an exercise's cases, and judging what it gave."""
