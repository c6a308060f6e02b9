import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.StaticTableOperations;
import org.apache.iceberg.TableScan;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.hadoop.HadoopFileIO;
import org.apache.iceberg.io.CloseableIterable;

/** Iceberg Java plans a scan: metadata location, files in all, column or '', value, manifest cache or not. */
public class PlanFiles {
  public static void main(String[] args) throws Exception {
    HadoopFileIO io = new HadoopFileIO(new Configuration());
    io.initialize(Map.of("io.manifest.cache-enabled", args[4]));
    BaseTable table = new BaseTable(new StaticTableOperations(args[0], io), "planned");
    long files = Long.parseLong(args[1]);
    Expression filter =
        args[2].isEmpty() ? Expressions.alwaysTrue() : Expressions.equal(args[2], Long.parseLong(args[3]));
    var process = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    System.out.println("{\"ready\":true}");
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    while (input.readLine() != null) {
      long cpu = process.getProcessCpuTime();
      long started = System.nanoTime();
      long planned = 0;
      TableScan scan = table.newScan().filter(filter);
      try (CloseableIterable<FileScanTask> tasks = scan.planFiles()) {
        for (FileScanTask task : tasks) planned++;
      }
      double ms = (System.nanoTime() - started) / 1e6;
      double cpuMs = (process.getProcessCpuTime() - cpu) / 1e6;
      System.out.printf(
          "{\"count\":%d,\"ms\":%f,\"cpuMs\":%f,\"note\":\"%d planned\"}%n", files, ms, cpuMs, planned);
    }
  }
}
