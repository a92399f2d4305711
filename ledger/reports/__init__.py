"""Questions put to the ledger, answered as values; whoever asks decides how to show."""
