"""What a mail or a paper says: taken apart and understood, by rules alone."""
