"""Many pictures: answered one after another, their table, their sheet, and what they say together."""
