"""One file for each exercise, named after its id: `e03_2.py` holds `EXERCISE` with id "03-2"."""
