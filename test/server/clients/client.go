// Go's github.com/thmeitz/ksqldb-go against the server in os.Args[1]: prints one JSON object with what it got.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/thmeitz/ksqldb-go"
	"github.com/thmeitz/ksqldb-go/net"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	got := map[string]interface{}{}
	ctx := context.Background()
	client := must(ksqldb.NewClientWithOptions(net.Options{BaseUrl: os.Args[1], AllowHTTP: true}))
	defer client.Close()
	client.EnableParseSQL(false)

	execute := func(sql string) ksqldb.KsqlResponseSlice {
		return *must(client.Execute(ctx, ksqldb.ExecOptions{KSql: sql}))
	}
	created := execute("CREATE STREAM gophers (id INT KEY, name VARCHAR) WITH (KAFKA_TOPIC='gophers', VALUE_FORMAT='JSON', PARTITIONS=1);")
	got["created"] = created[0].CommandStatus.Status
	execute("INSERT INTO gophers VALUES (1, 'a');")
	execute("INSERT INTO gophers VALUES (2, 'b');")
	got["streams"] = len(*execute("LIST STREAMS;")[0].Stream)

	header, rows, err := client.Pull(ctx, ksqldb.QueryOptions{Sql: "SELECT * FROM gophers;"})
	must(0, err)
	got["columns"] = header.Columns
	got["pulled"] = rows
	_, _, err = client.Pull(ctx, ksqldb.QueryOptions{Sql: "SELECT nope FROM gophers;"})
	got["refused"] = err.Error()

	headers := make(chan ksqldb.Header, 1)
	pushed := make(chan ksqldb.Row, 10)
	options := ksqldb.QueryOptions{Sql: "SELECT * FROM gophers EMIT CHANGES LIMIT 2;", Properties: ksqldb.PropertyMap{"auto.offset.reset": "earliest"}}
	must(0, client.Push(ctx, options, pushed, headers))
	got["pushed"] = []ksqldb.Row{<-pushed, <-pushed}

	got["version"] = must(client.GetServerInfo(ctx)).Version
	got["healthy"] = *must(client.GetServerStatus(ctx)).IsHealthy
	got["nodes"] = len(must(client.GetClusterStatus(ctx)).ClusterStatus.Host)
	got["status"] = must(client.GetQueryStatus(ctx, "/stream/GOPHERS/create")).Status
	got["property"] = *must(client.ValidateProperty(ctx, "auto.offset.reset"))
	got["terminated"] = len(*must(client.TerminateCluster(ctx, "gophers"))) > 0

	must(0, json.NewEncoder(os.Stdout).Encode(got))
}
