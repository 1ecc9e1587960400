"""Writing examples to files, in the formats that `core.importing` reads back."""
