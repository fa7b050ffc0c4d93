"""Measured figures of a model: what they are called, and how metrics.json holds them."""
