"""Answers to the exercises of lesson 08, as learners write them."""
