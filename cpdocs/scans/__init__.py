"""Pages to pictures to codes: which of our pages came back on paper."""
