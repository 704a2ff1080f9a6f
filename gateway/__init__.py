"""Which doors does duepost open to the network? The native API, four dialects, and that for reports of providers."""
