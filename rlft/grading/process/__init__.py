"""A notebook run in a process of its own, and the messages between it and the grader."""
