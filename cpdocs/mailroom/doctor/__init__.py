"""What is missing or unsafe, and how to mend it."""
