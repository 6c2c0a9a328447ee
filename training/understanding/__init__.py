"""What trains the networks that understand a sheet as a set of things: its kind, its dimensions, its work items."""
