"""Lesson 03: fitted Q evaluation."""
