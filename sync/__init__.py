"""What is read, in which order, and the proof that it equals the books."""
