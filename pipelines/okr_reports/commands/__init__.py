"""What the commands of `okr` do, and how they answer."""
