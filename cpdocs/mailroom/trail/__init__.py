"""The audit trail: proven, shown, exported, stamped, witnessed."""
