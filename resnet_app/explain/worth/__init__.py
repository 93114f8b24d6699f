"""What a map is worth: its tests, its figures, the other methods and the library beside it."""
