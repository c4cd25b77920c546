"""Answers to the exercises of lesson 03, as learners write them."""
