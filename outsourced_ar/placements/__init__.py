"""Handing cases to agencies."""
