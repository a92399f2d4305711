"""Tryton: what its JSON-RPC answers say, turned into records."""
