"""Where a model looks, and whether to believe it."""
