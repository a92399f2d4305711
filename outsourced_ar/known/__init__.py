"""What is known of a debtor: the values that decisions are made from."""
