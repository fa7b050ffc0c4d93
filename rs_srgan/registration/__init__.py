"""Registration of revisits: shifts, shift fields and alignment."""
