"""Inference: from pixels in a file to pixels in a file, tile by tile."""
