"""Who is on record: rosters and directories imported, members' choices recorded, the register loaded."""
