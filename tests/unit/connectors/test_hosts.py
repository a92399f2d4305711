"""Which hosts are this machine."""

import pytest

from connectors.hosts import is_loopback


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost", "127.0.0.1", "127.8.0.1", "::1", "[::1]"],
)
def test_this_machine(host: str) -> None:
    """What is sent there crosses no network, however it is written."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "mail.example",
        "10.0.0.1",
        "127.0.0.1.example",
        "localhost.example",
        "::2",
        "::ffff:10.0.0.1",
        "",
    ],
)
def test_any_other_machine(host: str) -> None:
    """Nothing that only looks like it is taken for this machine."""
    assert not is_loopback(host)
