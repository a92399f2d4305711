"""Readers of accounting systems, one file each."""
