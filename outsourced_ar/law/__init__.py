"""What a country's law allows and demands, and what lateness comes to by it."""
