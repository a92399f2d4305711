"""Pure translation from what a source wrote to the ledger's records."""
