"""Progress of a run, and how its caller hears of it and cancels it."""
