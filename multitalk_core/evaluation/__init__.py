"""How well each mouth follows its own voice."""
