"""Answers to the exercises of lesson 04, as learners write them."""
