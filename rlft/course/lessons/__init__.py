"""A package for each lesson: a file for each exercise, named after what it asks for, and a quiz."""
