"""What stops the clock, and the one way by which it is entered and led on."""
