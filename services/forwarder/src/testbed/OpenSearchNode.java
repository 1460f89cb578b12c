// A real OpenSearch node in this process: one index store, its REST API on a free port of loopback.
import java.util.List;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;
import org.opensearch.transport.Netty4Plugin;

class OpenSearchNode extends Node {
  OpenSearchNode(Settings settings) {
    super(
        new Environment(settings, null),
        List.<Class<? extends Plugin>>of(Netty4Plugin.class),
        false);
  }

  public static void main(String[] words) throws Exception {
    Settings.Builder settings =
        Settings.builder()
            .put("path.home", words[0])
            .put("node.name", "testbed")
            .put("discovery.type", "single-node")
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .put("http.type", "netty4")
            .put("transport.type", "netty4")
            .put("http.port", "0")
            .put("transport.port", "0")
            .put("network.host", "127.0.0.1");
    OpenSearchNode node = new OpenSearchNode(settings.build());
    node.start();
    HttpServerTransport http = node.injector().getInstance(HttpServerTransport.class);
    System.out.println("listening " + http.boundAddress().publishAddress().getPort());
    // Whoever started it holds this pipe: with its end the node ends too, whatever became of it.
    while (System.in.read() != -1) {}
    node.close();
    System.exit(0);
  }
}
