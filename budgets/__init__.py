"""What `make test` lets a notebook use, counted in units that are the same on every machine.

- `loop` is the unit: it makes rounds of what the library does most, and says how long they took.
- `calibration` runs that loop beside a cell, in a process of its own.
- `usage` reads from the system what a kernel has used.
- `meter` puts both together: what a cell and a notebook cost, in rounds.
- `records` knows what each notebook may cost, and writes down what it did cost.

The hooks that call all this are in the root's conftest.py.
"""
