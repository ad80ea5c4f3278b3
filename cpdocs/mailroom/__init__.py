"""The use cases: what the mailroom, the coordinators and the practices do, one module each."""
