"""Which doors does duepost open to the network? That for reports of providers."""
