"""Metrics of super-resolution."""
