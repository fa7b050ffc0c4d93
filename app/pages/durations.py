"""Estimates of time, for people. web/job.js writes them in the same way."""

# An estimate may be wrong by this factor: other programs and visitors use the same cores.
_FACTOR = 1.5


def time_range(seconds: float) -> str:
    """Return an estimate in seconds as a range, for example "67 s to 2 min"."""
    shortest, longest = _duration(seconds / _FACTOR), _duration(seconds * _FACTOR)
    return longest if shortest == longest else f"{shortest} to {longest}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
