"""Processes with few rights, which open the files of strangers."""
