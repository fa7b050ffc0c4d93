"""Scripts that measure, print what they measured, and write it where it is quoted."""
