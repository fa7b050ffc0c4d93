"""Reports of evaluations: the data, the text, the pictures, and the folder that holds them."""
