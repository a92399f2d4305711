"""Types of the keys by which things are known."""

from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", int)
ConnectionId = NewType("ConnectionId", int)
RunId = NewType("RunId", int)
DebtorId = NewType("DebtorId", UUID)
DocumentId = NewType("DocumentId", UUID)
ClaimId = NewType("ClaimId", UUID)
SourceId = NewType("SourceId", str)
"""The key under which the accounting system knows a thing, unique in its kind."""
