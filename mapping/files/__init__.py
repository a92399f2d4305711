"""Tables in files: what a profile declares becomes records, a page at a time."""
