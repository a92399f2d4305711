"""What comes in: put to its debtor, and what follows from it."""
