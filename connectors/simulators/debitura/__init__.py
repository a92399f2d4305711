"""A stateful stand-in of Debitura's service: cases, contracts, payments, chats, events.

`desk` is the service from inside: what its people do is done there. `faults` says what
goes wrong on the way, `SimulatorServer` has it on a port.
"""

from connectors.simulators.clock import Clock
from connectors.simulators.debitura.desk import Desk
from connectors.simulators.debitura.service import DebituraSimulator
from connectors.simulators.server import SimulatorServer

__all__ = ["Clock", "DebituraSimulator", "Desk", "SimulatorServer"]
