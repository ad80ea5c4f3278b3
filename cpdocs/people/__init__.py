"""Who acts: people enrolled with a PIN, the roles they hold, and what is recorded of views and overrides."""
