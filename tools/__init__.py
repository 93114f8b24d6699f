"""What is done with the project and is no part of the app."""
