"""Plans of memory that add up to the byte, or a refusal that says what is missing."""
