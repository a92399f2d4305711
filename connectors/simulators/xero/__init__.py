"""A stateful stand-in of Xero's service: API, authority, limits, faults, own time.

`transport` has it as an httpx transport, `SimulatorServer` on a port, `faults` what
goes wrong.
"""

from connectors.simulators.clock import Clock
from connectors.simulators.server import SimulatorServer
from connectors.simulators.xero.books import Books
from connectors.simulators.xero.errors import BooksError
from connectors.simulators.xero.generator import Expected, Size
from connectors.simulators.xero.limits import UNLIMITED, Limits
from connectors.simulators.xero.oauth import ClientApp
from connectors.simulators.xero.service import SCOPES, XeroSimulator

__all__ = [
    "SCOPES",
    "UNLIMITED",
    "Books",
    "BooksError",
    "ClientApp",
    "Clock",
    "Expected",
    "Limits",
    "SimulatorServer",
    "Size",
    "XeroSimulator",
]
