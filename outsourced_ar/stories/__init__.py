"""What happened, in its order, and why."""
