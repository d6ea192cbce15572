def interval(hits, total):
    """The 95 % interval of a share, by Wilson."""
    z, share = 1.959963984540054, hits / total
    width = 1 + z * z / total
    center = (share + z * z / (2 * total)) / width
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / width
    return [max(center - half, 0.0) if hits else 0.0, min(center + half, 1.0) if hits < total else 1.0]
