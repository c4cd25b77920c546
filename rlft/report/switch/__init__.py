"""The switch as an object: what crossed, what is measured there, and what it means."""
