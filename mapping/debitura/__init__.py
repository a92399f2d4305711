"""What Debitura writes, translated; pure."""
