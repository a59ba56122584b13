import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;

/**
 * The benchmark's works on Kafka Streams, as ksqlDB builds them: rows are JSON trees, and a row is projected to the
 * columns in use before it goes through a repartition topic.
 *
 * The clock runs from the first record to the moment at which the last operator has seen the last one. It does not
 * include the final commit (Weir's does). Then the application is closed, which writes and commits what is left, and one line of
 * JSON is printed.
 *
 * Arguments are name=value: work, bootstrap, input, output, rows, cache (bytes), state (a folder), threads, commit (ms),
 * guarantee; every further name is set as a Streams property.
 */
public final class KafkaStreamsPeer {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration GAP = Duration.ofSeconds(60);
  private static final Duration GRACE = Duration.ofHours(24).minus(GAP);

  private static final AtomicLong start = new AtomicLong();
  private static final AtomicLong source = new AtomicLong();
  private static final AtomicLong sink = new AtomicLong();
  private static final CountDownLatch done = new CountDownLatch(1);
  private static volatile long end;
  private static volatile long firstRecordMs;
  private static long rows;

  private static final class JsonSerde implements Serde<JsonNode> {
    @Override
    public Serializer<JsonNode> serializer() {
      return (topic, node) -> {
        try {
          return node == null ? null : MAPPER.writeValueAsBytes(node);
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      };
    }

    @Override
    public Deserializer<JsonNode> deserializer() {
      return (topic, bytes) -> {
        try {
          return bytes == null ? null : MAPPER.readTree(bytes);
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      };
    }
  }

  private static void atSource() {
    if (start.get() == 0 && start.compareAndSet(0, System.nanoTime())) {
      firstRecordMs = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
    }
    source.incrementAndGet();
  }

  private static void atLastOperator() {
    if (sink.incrementAndGet() == rows) {
      end = System.nanoTime();
      done.countDown();
    }
  }

  private static JsonNode project(JsonNode row, String column) {
    ObjectNode small = MAPPER.createObjectNode();
    small.set(column, row.get(column));
    return small;
  }

  private static JsonNode counted(long count) {
    return MAPPER.createObjectNode().put("C", count);
  }

  private static void filter(KStream<byte[], JsonNode> trips, String output, JsonSerde json) {
    trips
        .filter((key, row) -> {
          atLastOperator(); // the last row may be one that is left out
          String type = row.get("payment_type").asText();
          return type.equals("1") || type.equals("2");
        })
        .mapValues(row -> {
          ObjectNode out = MAPPER.createObjectNode();
          out.set("VENDORID", row.get("VendorID"));
          out.put("SURGE", row.get("fare_amount").asDouble() * 1.2);
          return (JsonNode) out;
        })
        .to(output, Produced.with(Serdes.ByteArray(), json));
  }

  private static void count(KStream<byte[], JsonNode> trips, String output, JsonSerde json) {
    trips
        .mapValues(row -> project(row, "VendorID"))
        .groupBy((key, row) -> row.get("VendorID").asText(), Grouped.with(Serdes.String(), json))
        .aggregate(
            () -> 0L,
            (key, row, sum) -> {
              atLastOperator();
              return sum + 1;
            },
            Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>with(Serdes.String(), Serdes.Long()))
        .toStream()
        .mapValues(KafkaStreamsPeer::counted)
        .to(output, Produced.with(Serdes.String(), json));
  }

  private static void session(KStream<byte[], JsonNode> trips, String output, JsonSerde json) {
    trips
        .mapValues(row -> project(row, "payment_type"))
        .selectKey((key, row) -> row.get("payment_type").asText())
        .repartition(Repartitioned.with(Serdes.String(), json))
        .groupByKey(Grouped.with(Serdes.String(), json))
        .windowedBy(SessionWindows.ofInactivityGapAndGrace(GAP, GRACE))
        .aggregate(
            () -> 0L,
            (key, row, sum) -> {
              atLastOperator();
              return sum + 1;
            },
            (key, left, right) -> left + right,
            Materialized.<String, Long, SessionStore<Bytes, byte[]>>with(Serdes.String(), Serdes.Long()))
        .toStream()
        .mapValues(count -> count == null ? null : counted(count))
        .to(output, Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), json));
  }

  private static long peakMemoryKb() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("\\D", ""));
    }
    return 0;
  }

  public static void main(String[] args) throws Exception {
    Map<String, String> given = new HashMap<>();
    for (String arg : args) given.put(arg.substring(0, arg.indexOf('=')), arg.substring(arg.indexOf('=') + 1));
    String work = given.remove("work");
    String input = given.remove("input");
    String output = given.remove("output");
    rows = Long.parseLong(given.remove("rows"));
    Properties properties = new Properties();
    properties.put("application.id", "peer-" + output);
    properties.put("bootstrap.servers", given.remove("bootstrap"));
    properties.put("state.dir", given.remove("state"));
    properties.put("statestore.cache.max.bytes", given.remove("cache"));
    properties.put("num.stream.threads", given.remove("threads"));
    properties.put("commit.interval.ms", given.remove("commit"));
    properties.put("processing.guarantee", given.remove("guarantee"));
    properties.put("auto.offset.reset", "earliest");
    properties.putAll(given);

    StreamsBuilder builder = new StreamsBuilder();
    JsonSerde json = new JsonSerde();
    KStream<byte[], JsonNode> trips =
        builder.stream(input, Consumed.with(Serdes.ByteArray(), json)).peek((key, row) -> atSource());
    switch (work) {
      case "filter" -> filter(trips, output, json);
      case "count" -> count(trips, output, json);
      case "session" -> session(trips, output, json);
      default -> throw new IllegalArgumentException("Unknown work: " + work);
    }
    KafkaStreams streams = new KafkaStreams(builder.build(), properties);
    streams.start();
    if (!done.await(15, TimeUnit.MINUTES)) {
      System.err.printf("Out of time: %d of %d rows read, %d processed%n", source.get(), rows, sink.get());
      Runtime.getRuntime().halt(1);
    }
    long cpu = ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
    if (!streams.close(Duration.ofSeconds(60))) {
      System.err.println("Streams did not close");
      Runtime.getRuntime().halt(1);
    }
    System.out.printf(
        "{\"seconds\":%.4f,\"cpuSeconds\":%.2f,\"firstRecordMs\":%d,\"peakKb\":%d}%n",
        (end - start.get()) / 1e9, cpu / 1e9, firstRecordMs, peakMemoryKb());
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }
}
