"""Whether to speak, to whom, and of what: the gate, the plan and the night."""
