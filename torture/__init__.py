"""Tests that attack the project: broken files, killed processes, extreme numbers, many clients.

`python -m torture` runs them and prints one table. docs/reliability.md says what they check.
"""
