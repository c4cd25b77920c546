"""Answers to the exercises of lesson 02, as learners write them."""
