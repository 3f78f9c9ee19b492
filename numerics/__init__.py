"""What is computed: exact quadrature, expected losses, and the twins of the theory."""
