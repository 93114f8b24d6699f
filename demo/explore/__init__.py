"""The tab Explore: the network taken apart."""
