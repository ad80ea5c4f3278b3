"""What comes back: claimed from inbox/, judged, received or held, and answered."""
