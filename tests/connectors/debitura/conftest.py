"""An account whose calls and answers are held against the vendor's contract."""

import pytest

from tests.connectors.debitura.account import Account


@pytest.fixture
def account() -> Account:
    """An account with signed contracts, and nothing placed yet."""
    return Account()
