"""PyPI ksql (Confluent's) against the server in argv[1]: prints one JSON object with what it got."""
import collections
import collections.abc
import json
import sys

# Its dependency hyper names classes where Python had them before 3.10.
for name in ("Iterable", "Mapping", "MutableMapping", "Sequence", "Callable", "MutableSet"):
    if not hasattr(collections, name):
        setattr(collections, name, getattr(collections.abc, name))

from ksql import KSQLAPI  # noqa: E402

client = KSQLAPI(sys.argv[1])
EARLIEST = {"auto.offset.reset": "earliest"}
PUSH = "SELECT * FROM people EMIT CHANGES"
got = {"version": client.get_ksql_version()}
created = client.ksql(
    "CREATE STREAM people (id INT KEY, name VARCHAR) WITH (KAFKA_TOPIC='people', VALUE_FORMAT='JSON', PARTITIONS=1);"
)
got["created"] = created[0]["commandStatus"]["status"]
got["inserted"] = client.inserts_stream("people", [{"ID": 1, "NAME": "a"}, {"ID": 2, "NAME": "b"}])
got["pulled"] = list(client.query("SELECT * FROM people;", return_objects=True))
got["pushed"] = list(client.query(PUSH + " LIMIT 2;", stream_properties=EARLIEST, return_objects=True))
# It offers h2c, and is answered over 1.1.
got["offered"] = "".join(client.query(PUSH + " LIMIT 2;", stream_properties=EARLIEST, use_http2=True)).split("\n")[1:]
# It ends by itself when nothing but signs of life has come for a while.
got["idle"] = len(list(client.sa.query(PUSH + ";", stream_properties=EARLIEST, idle_timeout=0.1)))
got["closed unknown"] = client.close_query("nothing")
try:
    client.ksql("CREATE nonsense;")
except Exception as error:  # noqa: BLE001
    got["refused"] = [type(error).__name__, str(error)]
print(json.dumps(got))
