"""What a sheet says of itself: title, number, kind, scale, labels."""
