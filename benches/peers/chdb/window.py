import sys

import chdb

files = "/{" + ",".join(path.lstrip("/") for path in sys.argv[2:]) + "}"
chdb.query(f"""
    WITH substring(message, 19, 1) AS class
    SELECT floor(timestamp / 10) * 10 AS start, service, count() AS total, countIf(class IN ('4', '5')) AS failures
    FROM file('{files}', JSONEachRow, 'service String, timestamp Float64, message String')
    WHERE startsWith(message, 'HTTP Status Code: ') AND class BETWEEN '1' AND '9'
    GROUP BY start, service
    INTO OUTFILE '/dev/stdout' APPEND FORMAT CSVWithNames
""")
