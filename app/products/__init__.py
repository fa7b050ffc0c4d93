"""Sentinel-2 products that visitors upload or choose."""
