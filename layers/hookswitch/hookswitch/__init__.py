"""What every hook of a Dash phone system shares: decoding, sender check, payload bases, storing, answers."""
