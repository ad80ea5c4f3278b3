"""Digital IDs of clinicians: issued, renewed, pinned, revoked; outside authorities; what is trusted."""
