"""The codes of the catalogue built from coordinates: rows are unit vectors."""
