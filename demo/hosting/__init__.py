"""What is other where strangers are let in: limits, and a GPU that is lent."""
