"""How a model learns, and how right and how sure it is."""
