"""Invented people, practices, rosters and plans, made anew from a seed."""
