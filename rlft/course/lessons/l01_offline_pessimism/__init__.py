"""Lesson 01: offline pessimism."""
