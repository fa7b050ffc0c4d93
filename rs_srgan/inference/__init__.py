"""From pixels in a file to pixels in a file: tiling, engines, the scene pipeline."""
