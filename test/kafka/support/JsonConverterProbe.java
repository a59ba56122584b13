import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.json.JsonConverter;

/**
 * Kafka Connect's own JsonConverter with schemas.enable=true. For each line of standard input, a payload, two lines: what Connect
 * has of it (`SCHEMA TYPE|class of the value|value`), and what the converter writes of that; or `ERROR: …` twice.
 */
public class JsonConverterProbe {
  public static void main(String[] args) throws Exception {
    JsonConverter converter = new JsonConverter();
    converter.configure(Map.of("schemas.enable", "true"), args[0].equals("key"));
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    StringBuilder out = new StringBuilder();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      try {
        SchemaAndValue data = converter.toConnectData("t", line.getBytes(StandardCharsets.UTF_8));
        Object value = data.value();
        String type = value == null ? "null" : value.getClass().getSimpleName();
        out.append(data.schema()).append('|').append(type).append('|').append(value).append('\n');
        byte[] back = converter.fromConnectData("t", data.schema(), value);
        out.append(new String(back, StandardCharsets.UTF_8)).append('\n');
      } catch (Exception e) {
        out.append("ERROR: ").append(e.getMessage()).append('\n').append("ERROR\n");
      }
    }
    System.out.write(out.toString().getBytes(StandardCharsets.UTF_8));
    System.out.flush();
  }
}
