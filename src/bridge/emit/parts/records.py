def records(data):
    """The records in a file, as texts: of an array, of lines, of both. What is broken is passed over."""
    text, decoder = data.decode("utf-8-sig", errors="replace"), json.JSONDecoder()
    found, at = [], 0
    while begin := BEGIN.search(text, at):
        start = begin.end()
        try:
            _, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            at = start + 1
        else:
            found.append(text[start:end].replace("\n", " "))
            at = end - 1
    return found
