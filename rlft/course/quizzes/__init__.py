"""One file for each lesson, named after it: `q03.py` holds `QUIZ`, three questions."""
