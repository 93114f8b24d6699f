"""How the app is reached: addresses for others, https, a window of its own; and what is other on a Space."""
