import sys

import chdb

files = "/{" + ",".join(path.lstrip("/") for path in sys.argv[2:]) + "}"
answer = chdb.query(f"""
    SELECT service, count() AS total, countIf(substring(message, 19, 1) = '2') AS success
    FROM file('{files}', JSONEachRow, 'service String, message String')
    WHERE startsWith(message, 'HTTP Status Code: ')
    GROUP BY service
    FORMAT JSONEachRow
""")
print(answer)
