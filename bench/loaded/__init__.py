"""What bench/console.py stands on: a filled database, and requests that arrive whether or not the last was answered."""
