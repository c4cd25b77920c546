"""Small stand-ins for environments and learners that exercises are tried on."""
