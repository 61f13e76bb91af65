package io.closenotify.examples.cli;

import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Two connections in turn to a server of its own. */
final class DemoRun {

    private static final String HOST = "127.0.0.1";
    private static final long DEADLINE_SECONDS = 15;

    private final DemoCase combination;
    private final Log log;
    private final BlockingQueue<ConnectionReport> clientReports = new LinkedBlockingQueue<>();
    private final BlockingQueue<ConnectionReport> serverReports = new LinkedBlockingQueue<>();

    DemoRun(DemoCase combination, Log log) {
        this.combination = combination;
        this.log = log;
    }

    DemoRow run() throws IOException, InterruptedException {
        Server server = combination.server().listener(null)
                .listen(combination.serverApp(), serverReports::add, log, HOST, 0);
        try (Client client = combination.client().connector(Trust.ANYONE, new HostAndPort(HOST, server.port()))
                .open(true, log)) {
            return row(client);
        } finally {
            server.stop();
        }
    }

    private DemoRow row(Client client) throws IOException, InterruptedException {
        Ends first = connect(client);
        String problem = first.problem(combination.specification());
        if (problem != null) {
            return new DemoRow(combination, first.client(), first.server(), false, problem);
        }
        Ends second = connect(client);
        boolean resumed = second.client() != null && second.client().resumed();
        problem = second.problem(combination.specification());
        if (problem == null && combination.resumes() && !resumed) {
            problem = "session not resumed";
        }
        return new DemoRow(combination, first.client(), first.server(), resumed, problem);
    }

    private Ends connect(Client client) throws IOException, InterruptedException {
        client.connect(combination.clientApp(), clientReports::add);
        return new Ends(clientReports.poll(DEADLINE_SECONDS, TimeUnit.SECONDS),
                serverReports.poll(DEADLINE_SECONDS, TimeUnit.SECONDS));
    }

    /** What both sides say of one connection; {@code null} where one said nothing in time. */
    private record Ends(@Nullable ConnectionReport client, @Nullable ConnectionReport server) {

        @Nullable String problem(DemoSpecification specification) {
            return client == null || server == null
                    ? "no outcome within " + DEADLINE_SECONDS + " s"
                    : specification.problem(client, server);
        }
    }
}
