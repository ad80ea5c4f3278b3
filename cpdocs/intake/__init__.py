"""Bytes from outside to values: rosters, directories and plans, with every problem by line and by field."""
