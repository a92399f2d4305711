"""What every connector must hold, as tests: see `docs/connectors/conformance.md`.

Only tests import this package: it needs pytest, which the product does not.
"""

from sync.conformance.suite import ConnectorSuite

__all__ = ["ConnectorSuite"]
