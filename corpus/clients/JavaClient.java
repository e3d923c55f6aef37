// Java's HttpClient: java JavaClient.java BASE
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

public class JavaClient {
    static final HttpClient client = HttpClient.newHttpClient();
    static String base;

    static void send(HttpRequest.Builder request) throws Exception {
        client.send(request.build(), BodyHandlers.discarding());
    }

    static HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create(base + path));
    }

    public static void main(String[] args) throws Exception {
        base = args[0];
        send(to("/"));
        send(to("/api/v2/users/1042/orders?page=2&tag=a&tag=b&q=caf%C3%A9+bar")
            .header("Accept", "application/json").header("Accept", "application/problem+json"));
        send(to("/api/v2/carts").header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"sku\":\"A-1042/b\"}")));
        send(to("/api/v2/flags/dark-mode?dry_run=").PUT(BodyPublishers.ofString("on")));
        send(to("/api/v2/users/1042/sessions/9f8e7d").DELETE());
        // Asks for an upgrade to HTTP/2 each time; on 1.1 alone it would not.
        HttpClient old = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        for (int shard = 0; shard < 6; shard++) {
            HttpRequest request = to("/_cluster/shards/" + shard + "/stats?human&level=shards&metric=docs&metric=store")
                .header("X-Opaque-Id", "monitor-" + shard).build();
            old.send(request, BodyHandlers.discarding());
        }
    }
}
