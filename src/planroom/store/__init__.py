"""Finished stages on disk, keyed by content."""
