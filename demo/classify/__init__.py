"""The tab Classify: a photo's answers, each with its map."""
