import json
import sys

import duckdb

layout = {"ndjson": "newline_delimited", "array": "array"}[sys.argv[1]]
answer = duckdb.execute(
    """
    WITH requests AS (
        SELECT service, substr(message, 19, 1) AS class
        FROM read_json($files, format = $layout, columns = {service: 'VARCHAR', message: 'VARCHAR'})
        WHERE starts_with(message, 'HTTP Status Code: ')
    )
    SELECT service, count(*) AS total, count(*) FILTER (class = '2') AS success
    FROM requests
    WHERE class BETWEEN '1' AND '9'
    GROUP BY service
    """,
    {"files": sys.argv[2:], "layout": layout},
)
for service, total, success in answer.fetchall():
    print(json.dumps({"service": service, "total": total, "success": success}))
