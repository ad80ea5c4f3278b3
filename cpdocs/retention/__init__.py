"""Keeping records for years: backup and restore, archives, legal holds, proofs renewed before they end."""
