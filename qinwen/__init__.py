"""The leaf package: settings, database, vocabulary, errors, logging. Every other package may import it; it imports none."""
