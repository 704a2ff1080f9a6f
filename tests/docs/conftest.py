"""What do pages about the gateway need? A real one."""

from tests.gateway.conftest import gateway, key, make_key, serve

__all__ = ["gateway", "key", "make_key", "serve"]
