"""The tab Compare: two networks side by side."""
