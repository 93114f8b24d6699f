"""The tab Batch: many photos at once."""
