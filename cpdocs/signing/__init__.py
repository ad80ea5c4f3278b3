"""Keys, seals, signatures, and the numbered procedure that decides whether a returned file counts."""
