"""The tests: one folder for each room, plus the house rules and whole journeys."""
