"""Pure decisions: told the time, no IO, no logging; what a use case then does is in the values returned."""
