"""The history of the tables, one file per change; `aggregator.store` runs them at the start of every command."""
