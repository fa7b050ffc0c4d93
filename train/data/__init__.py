"""Data modules: the images that training and validation use."""
