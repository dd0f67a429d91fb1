"""What is shipped, and what is said about it."""
