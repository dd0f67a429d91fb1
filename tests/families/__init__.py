"""What is known of model families."""
