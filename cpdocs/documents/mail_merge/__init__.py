"""Mail merge: letters laid out once, and other words set into the same places."""
