"""The experiments of the Fool it tab, and what stands for no wish."""

EXPERIMENTS = ("paint", "slide", "attack")
ANY = ""  # the wanted answer where any other will do
