"""The ledger's database: the only SQL of the product."""
