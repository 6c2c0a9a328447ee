"""Values that need not be made twice: pools in RAM, a tier on disk, and the balance between pools."""
