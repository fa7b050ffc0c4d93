"""Fuzz: thousands of broken and hostile files for every reader, changed where their format has its joints.

An input is made from the seed, the reader and its number alone, so `python -m torture.fuzz READER NUMBER` repeats it.
"""

from torture.fuzz.campaign import run

__all__ = ["run"]
