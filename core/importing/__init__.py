"""Reading examples, and the answers of other systems, from files people upload."""
