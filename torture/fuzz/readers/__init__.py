"""One file for each reader under attack; the list is in `torture.fuzz.reader`."""
