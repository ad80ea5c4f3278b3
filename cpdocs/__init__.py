"""Letters, care plans and signatures for MassHealth Community Partners."""

__version__ = "0.1.0"
