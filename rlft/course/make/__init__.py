"""What is written from what: exercises, the README's table, the guide's tables."""
