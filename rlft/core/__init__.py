"""What every other part stands on: errors, files, encoding, random streams, threads and devices."""
