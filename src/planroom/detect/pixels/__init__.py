"""Pixels into linework that can be searched as drawn linework is."""
