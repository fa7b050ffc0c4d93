"""Cancelling: the caller's flag, which a run looks at between tiles."""

from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

from rs_srgan.errors import Cancelled, InputError, shown


@runtime_checkable
class Flag(Protocol):
    """An event of `threading` or `multiprocessing`, or any other object that can be asked whether it is set."""

    def is_set(self) -> bool:
        """Return whether the run is to be cancelled."""
        ...


# What cancels a run: a function that returns True, or an event that is set.
Cancel: TypeAlias = Callable[[], bool] | Flag


def check_cancel(cancel: Cancel | None) -> None:
    """Check that a run can ask `cancel`.

    Raises:
        InputError: it is neither a function nor an event.
    """
    if cancel is not None and not isinstance(cancel, Flag) and not callable(cancel):
        raise InputError(
            f"cancel is {shown(cancel)}; expected a function that returns True or False, or a threading.Event."
        )


def stop_if(cancel: Cancel | None) -> None:
    """Stop the run if its caller wants that.

    Args:
        cancel: the caller's function or event; None to go on.

    Raises:
        Cancelled: the function returns True, or the event is set.
    """
    if cancel is not None and (cancel.is_set() if isinstance(cancel, Flag) else cancel()):
        raise Cancelled("The run was cancelled by its caller.")
