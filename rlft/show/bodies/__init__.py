"""Bodies that move: film strips of MuJoCo's walkers, drawn without a renderer."""
