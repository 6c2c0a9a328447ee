"""Linework into walls, openings and rooms."""
