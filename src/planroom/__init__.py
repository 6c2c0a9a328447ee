"""Reads construction drawings inside the RAM it is given and turns them into traced quantities."""

__version__ = "0.1.0"
