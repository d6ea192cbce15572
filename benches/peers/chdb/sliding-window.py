import sys

import chdb

files = "/{" + ",".join(path.lstrip("/") for path in sys.argv[2:]) + "}"
answer = chdb.query(f"""
    WITH (SELECT floor(max(timestamp) * 1000) - 60000
          FROM file('{files}', JSONEachRow, 'timestamp Float64')) AS start,
         substring(message, 19, 1) AS class
    SELECT service, count() AS total, countIf(class IN ('4', '5')) AS failures
    FROM file('{files}', JSONEachRow, 'service String, timestamp Float64, message String')
    WHERE timestamp * 1000 >= start AND startsWith(message, 'HTTP Status Code: ') AND class BETWEEN '1' AND '9'
    GROUP BY service
    FORMAT JSONEachRow
""")
print(answer)
