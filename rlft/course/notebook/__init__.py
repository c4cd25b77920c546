"""What a learner meets in a notebook: checks, hints, quizzes, progress."""
