import json
import sys

import duckdb

layout = {"ndjson": "newline_delimited", "array": "array"}[sys.argv[1]]
answer = duckdb.execute(
    """
    SELECT service, count(*) AS total, count(*) FILTER (substr(message, 19, 1) = '2') AS success
    FROM read_json($files, format = $layout, columns = {service: 'VARCHAR', message: 'VARCHAR'})
    WHERE starts_with(message, 'HTTP Status Code: ')
    GROUP BY service
    """,
    {"files": sys.argv[2:], "layout": layout},
)
for service, total, success in answer.fetchall():
    print(json.dumps({"service": service, "total": total, "success": success}))
