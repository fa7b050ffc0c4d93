"""Registration of revisits: shifts, shift fields, alignment."""
