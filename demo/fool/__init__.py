"""The tab Fool it: the photo changed by hand, by rule and by gradient, until the answer falls."""
