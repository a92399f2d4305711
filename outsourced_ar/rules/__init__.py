"""What the client has ruled: cadences, segments, assignment, policy, contracts."""
