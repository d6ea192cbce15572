

def field(path):
    """A field as text: null where a line has none, or is no JSON."""
    return pl.col("line").str.json_path_match(path)


