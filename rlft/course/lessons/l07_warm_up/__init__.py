"""Lesson 07: warm-up without retention."""
