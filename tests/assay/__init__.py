"""Tests of the joins behind the command line: how steady a classifier is."""
