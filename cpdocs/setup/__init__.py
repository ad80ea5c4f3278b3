"""A workspace from nothing to a clear `doctor`: the organization, its people, backups, the root key, the service."""
