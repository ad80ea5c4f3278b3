"""The derived index: what the ledger says, as rows to look things up in; dropped and made anew at will."""
