"""Answers to the exercises of lesson 05, as learners write them."""
