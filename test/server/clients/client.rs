//! What the crate `ksqldb` 0.1.0-alpha.6 gets from the server whose address is the argument, as JSON in the last line.
use futures_util::StreamExt;
use ksqldb::{Error, KsqlDB};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

#[derive(Debug, Deserialize, Serialize)]
struct Row {
    id: i32,
    name: Option<String>,
}

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

async fn rows(ksql: &KsqlDB, sql: &str, properties: &HashMap<String, String>) -> Fallible<Vec<Row>> {
    let stream = ksql.select::<Row>(sql, properties).await?;
    let mut stream = Box::pin(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.next().await {
        match row {
            Ok(row) => rows.push(row),
            // The crate takes the empty frame that ends an HTTP/2 stream for a row.
            Err(Error::Json(e)) if e.is_eof() => break,
            Err(e) => return Err(e.into()),
        }
    }
    Ok(rows)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Fallible<()> {
    let address = std::env::args().nth(1).expect("the server's address");
    let root = address.trim_start_matches("http://").to_string();
    let ksql = KsqlDB::new(root, reqwest::Client::builder(), false)?;
    let none = HashMap::new();
    let earliest = HashMap::from([("auto.offset.reset".to_string(), "earliest".to_string())]);

    let create = "CREATE TABLE crabs (id INT PRIMARY KEY, name STRING) \
                  WITH (kafka_topic='crabs', value_format='JSON', partitions=1);";
    let created = ksql.create(create, &none, None).await?;
    let inserts = "INSERT INTO crabs VALUES (1, 'a'); INSERT INTO crabs VALUES (2, 'b');";
    ksql.create(inserts, &none, None).await?;
    let made = "CREATE STREAM shells (id INT KEY, name STRING) WITH (kafka_topic='crabs', value_format='JSON');";
    ksql.create(made, &none, None).await?;
    // What the crate calls streamProperties is streamsProperties to servers, so they do not see it.
    let keep = "SET 'auto.offset.reset'='earliest'; CREATE TABLE kept AS SELECT * FROM crabs;";
    let kept = ksql.create(keep, &none, None).await?;

    let streams = ksql.list_streams("LIST STREAMS EXTENDED;", &none, None).await?;
    let properties = ksql.list_properties("LIST PROPERTIES;", &none, None).await;
    let described = ksql.describe("DESCRIBE shells;", &none, None).await?;
    let pushed = rows(&ksql, "SELECT * FROM shells EMIT CHANGES LIMIT 2;", &earliest).await?;
    let mut pulled = Vec::new();
    for _ in 0..200 {
        pulled = rows(&ksql, "SELECT * FROM kept WHERE id = 2;", &none).await?;
        if !pulled.is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let refused = ksql.create("SELEC nothing;", &none, None).await.unwrap_err().to_string();
    let refused_query = rows(&ksql, "SELECT * FROM nope EMIT CHANGES;", &none).await.unwrap_err().to_string();
    let query = kept.last().and_then(|k| k.command_id.clone());
    let terminated = ksql.terminate("TERMINATE ALL;", &none, None).await?;
    let dropped = ksql.drop("DROP TABLE kept;", &none, None).await?;

    println!(
        "{}",
        json!({
            "created": created[0].command_status.as_ref().map(|s| format!("{:?}", s.status)),
            "query": query,
            "streams": streams[0].source_descriptions.iter().map(|s| &s.name).collect::<Vec<_>>(),
            "properties": properties.map(|p| p[0].properties.len()).map_err(|e| e.to_string()),
            "described": described[0].source_description.fields.iter().map(|f| &f.name).collect::<Vec<_>>(),
            "pushed": pushed,
            "pulled": pulled,
            "refused": refused,
            "refusedQuery": refused_query,
            "terminated": terminated.len(),
            "dropped": dropped[0].command_status.as_ref().map(|s| format!("{:?}", s.status)),
        })
    );
    Ok(())
}
