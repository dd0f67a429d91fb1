"""Training the encoder, with torch: `make test-train` installs it."""
