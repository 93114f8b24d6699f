"""The tab Teach: a class taught from a few photos."""
