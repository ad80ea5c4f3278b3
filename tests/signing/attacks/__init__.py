"""Files that an attacker, or a careless program, could make of a plan that we issued. ``catalog`` lists them all."""
