-- Functions of URLs.

--@test: the parts of a URL
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  URL_EXTRACT_PROTOCOL('https://docs.example.org:8443/a/b?q=tea&n=2#top') AS c1,
  URL_EXTRACT_HOST('https://docs.example.org:8443/a/b?q=tea&n=2#top') AS c2,
  URL_EXTRACT_PORT('https://docs.example.org:8443/a/b?q=tea&n=2#top') AS c3,
  URL_EXTRACT_PATH('https://docs.example.org:8443/a/b?q=tea&n=2#top') AS c4,
  URL_EXTRACT_QUERY('https://docs.example.org:8443/a/b?q=tea&n=2#top') AS c5,
  URL_EXTRACT_FRAGMENT('https://docs.example.org:8443/a/b?q=tea&n=2#top') AS c6
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'https', 'docs.example.org', 8443, '/a/b', 'q=tea&n=2', 'top');

--@test: one parameter of a URL, and NULL for one that it lacks
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  URL_EXTRACT_PARAMETER('https://docs.example.org:8443/a/b?q=tea&n=2#top', 'q') AS c1,
  URL_EXTRACT_PARAMETER('https://docs.example.org:8443/a/b?q=tea&n=2#top', 'z') AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'tea', CAST(NULL AS STRING));

--@test: parameters are encoded and decoded
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  URL_ENCODE_PARAM('a b&c') AS c1,
  URL_DECODE_PARAM('a+b%26c') AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'a+b%26c', 'a b&c');
