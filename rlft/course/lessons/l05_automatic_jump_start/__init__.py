"""Lesson 05: automatic jump start."""
