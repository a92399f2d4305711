"""Placing cases with agencies, and what comes back of them."""
