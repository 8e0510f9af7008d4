"""What a packet costs: see scripts/bench."""
