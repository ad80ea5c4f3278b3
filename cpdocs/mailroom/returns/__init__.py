"""What comes back: claimed from the inbox, judged, recorded, answered, and held for a person where unsure."""
