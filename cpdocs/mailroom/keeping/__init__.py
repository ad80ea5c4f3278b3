"""Keeping the record: encrypted backups, restore, retention and legal holds, the open archive."""
