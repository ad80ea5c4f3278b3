"""The audit trail: proven, exported, checkpointed, stamped and witnessed; the settings and the database it was kept
under."""
