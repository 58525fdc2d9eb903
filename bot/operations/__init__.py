"""What an operator sees of a running bot: its health, its measures and its logs."""
