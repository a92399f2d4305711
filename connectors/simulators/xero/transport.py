"""The transport as Xero's stand-in has it: see `connectors.simulators.transport`."""

from connectors.simulators.transport import SimulatorTransport

__all__ = ["SimulatorTransport"]
