"""The errors that mean: the request cannot be met as it stands."""


class InputError(ValueError):
    """A file, an array, a name or an option that cannot be used.

    Its message is for people: what was wrong (with the value), what was expected, what to do. The command line prints
    it and exits with 2; the app shows it in a box. Anything else that goes wrong keeps its own exception and traceback.
    """


class ReadError(InputError):
    """Pixels of the input that could not be read when it was their turn.

    A disk or a network may be back later: so what was done until then is kept, unlike after any other InputError.
    """
