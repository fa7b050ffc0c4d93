"""Classical methods: they have no weights to train."""
