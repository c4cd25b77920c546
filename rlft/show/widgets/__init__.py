"""Sliders and animations, safe without a screen."""
