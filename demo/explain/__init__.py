"""The tab Explain: maps by any method, and what they are worth."""
