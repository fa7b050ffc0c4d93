"""Sentinel-2 products that visitors upload or choose."""

from app.products.store import Products

__all__ = ["Products"]
