"""The road of a plan version: checked, issued, sent, received, approved, signed, and where each stands."""
