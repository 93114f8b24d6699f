"""A class that takes part: what the teacher shows, what is asked, and what the class guesses. In memory alone."""
