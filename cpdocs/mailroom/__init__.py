"""The use cases: what the mailroom, the coordinators and the practices do, a folder for each part of the work."""
