"""Which hosts are this machine: what goes there crosses no network."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine; by its name, so that no lookup decides it."""
    bare = host.strip("[]")
    if bare.lower() == "localhost":
        return True
    try:
        address = ip_address(bare)
    except ValueError:
        return False
    # An IPv4 address written as one of IPv6 goes to where the former goes.
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
