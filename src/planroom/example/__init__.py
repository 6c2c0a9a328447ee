"""A small house drawn as a plan set, with its truth beside it."""
