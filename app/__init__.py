"""Entry points and wiring: the only reader of settings and environment."""
