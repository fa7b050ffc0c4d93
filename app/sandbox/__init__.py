"""Processes that open what strangers send, with as few rights as they can work with."""
