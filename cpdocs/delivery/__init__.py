"""Transports: they move the bytes of one delivery and answer what the receiver said; they decide nothing."""
