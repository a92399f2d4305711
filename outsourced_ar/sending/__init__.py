"""From a message that is ready to one that went, once."""
