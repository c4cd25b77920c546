"""The course around the library: exercises, their checks and hints, and quizzes.

Nothing outside this package and grading knows that there are exercises.
"""
