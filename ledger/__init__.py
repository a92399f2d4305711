"""The ledger: values, records and rules that are pure, and `store`, the only SQL."""
