"""Tests that need system packages: `make test-ops` installs them."""
