"""Why residual? He et al.'s experiment with depth, small enough for a laptop."""
