"""Why the simulated books refuse a change."""


class BooksError(Exception):
    """The books refuse; each message is one validation error in the vendor's words."""

    def __init__(self, *messages: str) -> None:
        self.messages = messages
        super().__init__(" ".join(messages))


class UnknownError(BooksError):
    """There is nothing under that id."""
