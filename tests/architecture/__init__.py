"""The house rules, as a checker, and the proof that it sees each breach."""
