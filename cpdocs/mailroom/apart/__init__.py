"""Work on strangers' bytes in a confined child process."""
