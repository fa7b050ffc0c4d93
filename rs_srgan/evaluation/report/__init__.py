"""The report of an evaluation: data, text, pictures."""
