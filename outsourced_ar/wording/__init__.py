"""How it is said: texts, layouts and letters in every language and voice."""
