"""Stateful stand-ins of the accounting systems: to try by hand, and for tests."""
