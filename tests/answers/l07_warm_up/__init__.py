"""Answers to the exercises of lesson 07, as learners write them."""
