"""What is missing or unsafe, and how to mend it (`doctor`); how the service fares (`health`)."""
