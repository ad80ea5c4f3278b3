"""What waits for whom: the work list, whom to ask and when, calls, and the reports on all of it."""
