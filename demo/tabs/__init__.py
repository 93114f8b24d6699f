"""One builder per tab: components and events, no logic."""
