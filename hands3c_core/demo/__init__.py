"""The bundled clip: our own hands in our own room, from nothing but code and the hand model."""
