"""Reminders in the client's own name: what to say to whom, when, and why not."""
