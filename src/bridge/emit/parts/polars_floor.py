def floor(time):
    """The beginning of the last window that a time is in."""
    return @FLOOR@


