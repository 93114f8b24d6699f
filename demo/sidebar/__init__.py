"""The sidebar: which model answers."""
