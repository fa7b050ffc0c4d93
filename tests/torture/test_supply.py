"""What the project ships with: pins with hashes, and tools that audit it."""
