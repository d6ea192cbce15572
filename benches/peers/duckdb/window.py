import sys

import duckdb

layout = {"ndjson": "newline_delimited", "array": "array"}[sys.argv[1]]
duckdb.execute(
    """
    COPY (
        WITH events AS (
            FROM read_json($files, format = $layout,
                           columns = {service: 'VARCHAR', timestamp: 'DOUBLE', message: 'VARCHAR'})
        ),
        requests AS (
            SELECT floor(timestamp / 10) * 10 AS start, service, substr(message, 19, 1) AS class
            FROM events
            WHERE starts_with(message, 'HTTP Status Code: ')
        )
        SELECT start, service, count(*) AS total, count(*) FILTER (class IN ('4', '5')) AS failures
        FROM requests
        WHERE class BETWEEN '1' AND '9'
        GROUP BY start, service
    ) TO '/dev/stdout' (FORMAT csv, HEADER)
    """,
    {"files": sys.argv[2:], "layout": layout},
)
