"""The tab Why residual?: networks of several depths trained live, with and without shortcuts."""
