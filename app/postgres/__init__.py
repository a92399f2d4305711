"""The embedded PostgreSQL: `server` is what the rest of the product uses."""
