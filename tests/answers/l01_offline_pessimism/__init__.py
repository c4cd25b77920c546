"""Answers to the exercises of lesson 01, as learners write them."""
