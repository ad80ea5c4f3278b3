"""Plans: checked, issued, sent, approved, signed, and where each stands."""
