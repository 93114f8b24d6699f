"""The network as numbers: stages, blocks and layers, by arithmetic."""
