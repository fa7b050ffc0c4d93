"""Load: many visitors of the app at once.

Visitors with valid requests, intruders and slow connections share one server, as a user starts it. Every valid request
must be answered with the pixels of rs-srgan predict, or with a limit in words; nobody may read anything of others; and
afterwards the server must use as much as before. `python -m torture.load` runs it for a time of its own.
"""

from torture.load.campaign import run

__all__ = ["run"]
