"""FarPay's API v2, as the gateway answers to it."""
