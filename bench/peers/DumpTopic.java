import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Writes every committed record of a topic to standard output, partition by partition in offset order. It checks
 * results, so it shares no code with what is checked.
 *
 * A record: partition (int32), timestamp (int64), key and value, each an int32 length (-1 for null) and bytes.
 */
public final class DumpTopic {
  private static void write(DataOutputStream out, byte[] bytes) throws Exception {
    out.writeInt(bytes == null ? -1 : bytes.length);
    if (bytes != null) out.write(bytes);
  }

  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", args[0]);
    properties.put("isolation.level", "read_committed");
    properties.put("max.poll.records", "10000");
    properties.put("key.deserializer", ByteArrayDeserializer.class.getName());
    properties.put("value.deserializer", ByteArrayDeserializer.class.getName());
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties);
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 20))) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(args[1]).stream().map(p -> new TopicPartition(p.topic(), p.partition())).toList();
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      for (TopicPartition partition : partitions) {
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        while (consumer.position(partition) < ends.get(partition)) {
          for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
            out.writeInt(record.partition());
            out.writeLong(record.timestamp());
            write(out, record.key());
            write(out, record.value());
          }
        }
      }
    }
  }
}
