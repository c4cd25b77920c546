"""What is measured of the library's speed and cost; no part of the library itself."""
