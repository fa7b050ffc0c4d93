"""Checks and measures of the source tree."""
