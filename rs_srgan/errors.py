"""The one error that means: the request cannot be met as it stands."""


class InputError(ValueError):
    """A file, an array, a name or an option that cannot be used.

    Its message is for people: what was wrong (with the value), what was expected, what to do. The command line prints
    it and exits with 2; the app shows it in a box. Anything else that goes wrong keeps its own exception and traceback.
    """
