"""Answers to the exercises as learners write them: `a03_2.py` has those to exercise 03-2."""
