"""Xero's wire shapes, and records made of them; nothing is read or sent here."""
