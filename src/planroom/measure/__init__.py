"""Elements into quantities: which sheets count, how long, how large, how sure."""
