"""Files into linework and pictures; every parser runs in a killable child process."""
