"""Settings types and packaged defaults."""
