"""Learning curves and charts."""
