"""The demo: its parts, and the whole of it with the real model."""
