-- What a wrong statement is told: what is wrong, where, and what was perhaps meant.

--@test: a syntax error says line and column, the first line of a test being its name
--@expected.error: ParseFailedException
--@expected.message: line 5:29: Syntax Error
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FORM s;

--@test: a word of the language is no name
--@expected.error: ParseFailedException
--@expected.message: expected a name
CREATE STREAM s (k INT KEY, from INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: two statements have a semicolon between them
--@expected.error: ParseFailedException
--@expected.message: line 5:1: Syntax Error
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1)
CREATE STREAM o AS SELECT * FROM s;

--@test: a text that is not closed is one error
--@expected.error: ParseFailedException
--@expected.message: The string that begins here has no closing quote (').
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s, VALUE_FORMAT=JSON);

--@test: a column that is not there is named
--@expected.error: KsqlException
--@expected.message: column 'NUM' cannot be resolved
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k, num FROM s;

--@test: a function that is not there is named
--@expected.error: KsqlException
--@expected.message: Can't find any functions with the name 'UPCASE'
CREATE STREAM s (k INT KEY, t STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k, UPCASE(t) AS t FROM s;

--@test: a function is told for which types it is
--@expected.error: KsqlException
--@expected.message: Function 'ucase' does not accept parameters (INTEGER).
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k, UCASE(n) AS t FROM s;

--@test: WHERE takes a condition
--@expected.error: KsqlException
--@expected.message: Should evaluate to boolean but is (N + 1) (INTEGER) instead.
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM s WHERE n + 1;

--@test: a text and a number are not compared
--@expected.error: KsqlException
--@expected.message: Cannot compare N (INTEGER) to T (STRING) with EQUAL.
CREATE STREAM s (k INT KEY, n INT, t STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM s WHERE n = t;

--@test: a cast that cannot be is refused before anything runs
--@expected.error: KsqlException
--@expected.message: Cast of ARRAY<INTEGER> to INTEGER is not supported
CREATE STREAM s (k INT KEY, a ARRAY<INT>) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k, CAST(a AS INT) AS n FROM s;

--@test: two columns of the result have two names
--@expected.error: KsqlException
--@expected.message: Duplicate value columns found in schema: `X` INTEGER
CREATE STREAM s (k INT KEY, a INT, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k, a AS x, b AS x FROM s;

--@test: the key must be in the select list
--@expected.error: KsqlException
--@expected.message: must include the key column K in its projection
CREATE STREAM s (k INT KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a FROM s;

--@test: besides the key a result has a column at least
--@expected.error: KsqlException
--@expected.message: The projection contains no value columns.
CREATE STREAM s (k INT KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k FROM s;

--@test: an index of an array is a whole number
--@expected.error: KsqlException
--@expected.message: An array is indexed by an INTEGER: A['x'].
CREATE STREAM s (k INT KEY, a ARRAY<INT>) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k, a['x'] AS n FROM s;

--@test: an arrow needs a struct before it
--@expected.error: KsqlException
--@expected.message: expected STRUCT type, got INTEGER.
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k, n->x AS x FROM s;

--@test: a decimal has at least one digit, and no more places than digits
--@expected.error: KsqlException
--@expected.message: DECIMAL precision must be >= scale: DECIMAL(2,3)
CREATE STREAM s (k INT KEY, d DECIMAL(2, 3)) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: the number of partitions is a number
--@expected.error: KsqlException
--@expected.message: Invalid value for property PARTITIONS: expected a whole number of at least 1.
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS='many');
