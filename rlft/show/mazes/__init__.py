"""Mazes, maps over them, and walks in them."""
