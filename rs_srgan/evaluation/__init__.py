"""How good is it: formulas and whole evaluations."""
