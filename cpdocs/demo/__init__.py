"""Invented people, rosters and plans, and what befalls files on their way, for the demo and the tests."""
