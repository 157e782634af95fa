"""What Dagster shows, one module a stage; the work itself is done in the rooms they call."""
