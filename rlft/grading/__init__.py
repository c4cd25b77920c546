"""Grading a class: each notebook runs locked in, what its answers do is judged outside.

Two processes for each notebook, which share no memory and no files:

- The *grader* (`classroom`, `child`, `marking`) finds submissions, watches, judges and writes the
  table. It never parses, imports or unpickles anything of a submission.
- The *runner* (`runner`, `notebook`) runs one notebook behind walls (`sandbox`, `landlock`,
  `seccomp`, `hook`) and says what its answers return, in a format that can hold data only (`wire`).

What the walls keep in is said in `sandbox`.
"""
