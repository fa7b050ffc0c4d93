"""Many scenes, on many machines: a list in, results, a manifest and a report out. It runs on Ray."""
