import json
import sys

import duckdb

layout = {"ndjson": "newline_delimited", "array": "array"}[sys.argv[1]]
answer = duckdb.execute(
    """
    WITH events AS (
        FROM read_json($files, format = $layout,
                       columns = {service: 'VARCHAR', timestamp: 'DOUBLE', message: 'VARCHAR'})
    ),
    requests AS (
        SELECT service, substr(message, 19, 1) AS class
        FROM events
        WHERE timestamp * 1000 >= (SELECT floor(max(timestamp) * 1000) - 60000 FROM events)
          AND starts_with(message, 'HTTP Status Code: ')
    )
    SELECT service, count(*) AS total, count(*) FILTER (class IN ('4', '5')) AS failures
    FROM requests
    WHERE class BETWEEN '1' AND '9'
    GROUP BY service
    """,
    {"files": sys.argv[2:], "layout": layout},
)
for service, total, failures in answer.fetchall():
    print(json.dumps({"service": service, "total": total, "failures": failures}))
