"""Answers to the exercises as learners write them; a file for each, as in rlft/course/lessons."""
