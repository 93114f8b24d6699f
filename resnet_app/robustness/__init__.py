"""What fools it: pictures changed by hand, by rule and by gradient, and when the answer falls."""
