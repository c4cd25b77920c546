"""Answers to the exercises of lesson 06, as learners write them."""
