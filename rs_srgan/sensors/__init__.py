"""Sensors: their bands, and how they blur and sample the ground."""
