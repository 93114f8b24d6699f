"""A choice -> a ready model -> its answer."""
