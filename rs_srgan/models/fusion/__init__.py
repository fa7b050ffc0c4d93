"""Fusion of several revisits."""
