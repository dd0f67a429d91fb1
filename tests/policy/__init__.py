"""Policies: their shape, their mistakes, their decisions."""
