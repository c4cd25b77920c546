"""Lesson 06: epsilon-greedy pre-sampling."""
