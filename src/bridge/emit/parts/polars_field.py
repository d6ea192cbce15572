

def field(*paths):
    """A field as text, at whichever of its places it is: null where a line has none, or is no JSON."""
    return pl.coalesce([pl.col("line").str.json_path_match(path) for path in paths])


