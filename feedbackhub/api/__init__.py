"""The public HTTP API: shapes here, rules in the domain."""
