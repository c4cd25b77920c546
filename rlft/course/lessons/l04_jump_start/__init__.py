"""Lesson 04: jump start."""
