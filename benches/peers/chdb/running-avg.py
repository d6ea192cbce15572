import sys

import chdb

files = "/{" + ",".join(path.lstrip("/") for path in sys.argv[2:]) + "}"
answer = chdb.query(f"""
    WITH substring(message, 19, 1) AS class
    SELECT service, count() AS total, countIf(class = '2') AS success
    FROM file('{files}', JSONEachRow, 'service String, message String')
    WHERE startsWith(message, 'HTTP Status Code: ') AND class BETWEEN '1' AND '9'
    GROUP BY service
    FORMAT JSONEachRow
""")
print(answer)
