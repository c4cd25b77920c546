"""Lesson 08: which method to deploy, and how sure one can be."""
