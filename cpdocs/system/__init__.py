"""Machinery that knows no domain: durable files, writes to outbox/, locks, archives and encrypted streams."""
