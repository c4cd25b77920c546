"""The course around the library: exercises, their checks and hints, quizzes, and grading.

Nothing outside this package knows that there are exercises.
"""
