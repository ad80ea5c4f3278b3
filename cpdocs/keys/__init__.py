"""Keys and certificates: the organization's own, digital IDs for clinicians, other authorities, revocation,
rotation."""
