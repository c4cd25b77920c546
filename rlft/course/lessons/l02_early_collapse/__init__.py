"""Lesson 02: the early collapse."""
