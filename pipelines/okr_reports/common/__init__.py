"""What every room may use: small tools without a room of their own."""
