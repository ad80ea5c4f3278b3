"""What leaves: packages for charts, packets for practices, each queued once, sent, and followed until it is settled."""
