"""PyPI ksqldb against the server in argv[1]: prints one JSON object with what it got."""
import asyncio
import json
import sys

from ksqldb import KSQLdbClient

client = KSQLdbClient(sys.argv[1])
EARLIEST = {"auto.offset.reset": "earliest"}
got = {}
created = client.ksql(
    "CREATE STREAM notes (id INT KEY, name VARCHAR) WITH (KAFKA_TOPIC='notes', VALUE_FORMAT='JSON', PARTITIONS=1);"
)
got["created"] = created[0]["commandStatus"]["status"]
got["inserted"] = client.inserts_stream("notes", [{"ID": 1, "NAME": "a"}, {"ID": 2, "NAME": "b"}])
got["pulled"] = client.query_sync("SELECT * FROM notes;")[1:]
got["properties"] = len(client.get_properties())


async def push():
    rows = []
    async for row in client.query_async("SELECT * FROM notes EMIT CHANGES;", stream_properties=EARLIEST):
        rows.append(row)
        if len(rows) == 3:
            got["closed"] = client.close_query(rows[0]["queryId"])
    got["pushed"] = rows[1:]


asyncio.run(push())
got["closed unknown"] = client.close_query("nothing")
print(json.dumps(got))
