"""How the models are built, trained and exported. Never on a user's machine."""
