package io.closenotify.examples.probe;

import io.closenotify.examples.probe.SequenceRows.Row;
import io.closenotify.examples.probe.Verdict.Grade;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What the template of the page shows, as text that is still to be escaped.
 *
 * <p>No name means two things at two depths: the template would find the outer one where the inner one is meant.
 */
record HtmlPage(String title, String lede, boolean several, List<Peer> peers, List<GradeMark> legend) {

    private static final DateTimeFormatter DAY_AND_TIME =
            DateTimeFormatter.ofPattern("d MMM uuuu, HH:mm:ss 'UTC'", Locale.ENGLISH).withZone(ZoneOffset.UTC);

    record Peer(String anchor, String target, String protocol, String negotiated, String started, String startedIso,
            String elapsed, String outcome, String outcomeStyle, String counts, String failure, boolean hasVerdicts,
            List<Answer> verdicts, boolean hasExchanges, List<Diagram> exchanges) {
    }

    record Answer(String verdictAnchor, String question, String gradeName, String gradeStyle, String finding,
            String rule, String source, String sourceAnchor) {
    }

    record Diagram(String exchangeAnchor, String name, String caption, String figures, boolean hasShown,
            List<Answer> shown, boolean hasRows, List<Row> rows) {
    }

    /** The worst first. */
    private enum Outcome {
        NOT_SAFE("Not safe", "bad"),
        FAILED("Not audited", "failed"),
        SAFE("Safe", "good");

        private final String name;
        private final String style;

        Outcome(String name, String style) {
            this.name = name;
            this.style = style;
        }
    }

    record GradeMark(String gradeName, String gradeStyle, String meaning) {
    }

    static HtmlPage of(List<ProbeReport> reports) {
        List<Peer> peers = IntStream.range(0, reports.size())
                .mapToObj(i -> peer("peer-" + (i + 1), reports.get(i)))
                .toList();
        String subject = peers.size() == 1 ? peers.get(0).target() : Figures.count(peers.size(), "peers");
        return new HtmlPage("Shutdown audit of " + subject, lede(peers), peers.size() > 1, peers,
                Arrays.stream(Grade.values()).map(HtmlPage::mark).toList());
    }

    private static String lede(List<Peer> peers) {
        if (peers.size() == 1) {
            return "How a peer ends its connections: what it was asked, what it did, and the rule that decides.";
        }
        String outcomes = Arrays.stream(Outcome.values())
                .map(outcome -> Figures.count(count(peers, outcome), outcome.name.toLowerCase(Locale.ROOT)))
                .collect(Collectors.joining(", "));
        return "How " + Figures.count(peers.size(), "peers") + " end their connections: " + outcomes + ".";
    }

    private static long count(List<Peer> peers, Outcome outcome) {
        return peers.stream().filter(peer -> peer.outcome().equals(outcome.name)).count();
    }

    private static Peer peer(String anchor, ProbeReport report) {
        List<Answer> answers = answers(anchor, report);
        List<Diagram> diagrams = diagrams(anchor, report, answers);
        return new Peer(anchor, report.target(), report.protocol().name(), report.negotiated(),
                DAY_AND_TIME.format(report.started()), report.started().toString(), Figures.time(report.elapsed()),
                outcome(report).name, outcome(report).style,
                counts(report.verdicts()),
                Objects.requireNonNullElse(report.failure(), ""), !answers.isEmpty(), answers,
                !diagrams.isEmpty(), diagrams);
    }

    private static Outcome outcome(ProbeReport report) {
        if (report.failure() != null) {
            return Outcome.FAILED;
        }
        return report.safe() ? Outcome.SAFE : Outcome.NOT_SAFE;
    }

    /** Such as "1 bad, 2 weak, 9 good": the worst first. */
    private static String counts(List<Verdict> verdicts) {
        String counts = Stream.of(Grade.BAD, Grade.WEAK, Grade.UNKNOWN, Grade.GOOD)
                .filter(grade -> count(verdicts, grade) > 0)
                .map(grade -> Figures.count(count(verdicts, grade), style(grade)))
                .collect(Collectors.joining(", "));
        return counts.isEmpty() ? "No verdicts" : counts;
    }

    private static long count(List<Verdict> verdicts, Grade grade) {
        return verdicts.stream().filter(verdict -> verdict.grade() == grade).count();
    }

    private static List<Answer> answers(String peer, ProbeReport report) {
        List<Answer> answers = new ArrayList<>();
        for (Verdict verdict : report.verdicts()) {
            OptionalInt source = IntStream.range(0, report.exchanges().size())
                    .filter(i -> report.exchanges().get(i).id().equals(verdict.exchange()))
                    .findFirst();
            answers.add(new Answer(peer + "-verdict-" + (answers.size() + 1), verdict.question(),
                    name(verdict.grade()), style(verdict.grade()), verdict.finding(), verdict.rule(),
                    source.isPresent() ? exchangeName(source.getAsInt()) : "",
                    source.isPresent() ? exchangeAnchor(peer, source.getAsInt()) : ""));
        }
        return answers;
    }

    private static List<Diagram> diagrams(String peer, ProbeReport report, List<Answer> answers) {
        List<Diagram> diagrams = new ArrayList<>();
        for (Exchange exchange : report.exchanges()) {
            String anchor = exchangeAnchor(peer, diagrams.size());
            List<Answer> shown = answers.stream().filter(answer -> answer.sourceAnchor().equals(anchor)).toList();
            List<Row> rows = SequenceRows.of(exchange.events());
            diagrams.add(new Diagram(anchor, exchangeName(diagrams.size()), exchange.title(), figures(exchange),
                    !shown.isEmpty(), shown, !rows.isEmpty(), rows));
        }
        return diagrams;
    }

    private static String figures(Exchange exchange) {
        return exchange.events().stream().map(Exchange.Event::micros).max(Comparator.naturalOrder())
                .map(micros -> SequenceRows.traffic(exchange.events()) + ", in " + Figures.time(micros))
                .orElse("Nothing happened.");
    }

    // Named by number, not by id: the page must hold together whatever the ids are, and links be told on paper.
    private static String exchangeName(int index) {
        return "Exchange " + (index + 1);
    }

    private static String exchangeAnchor(String peer, int index) {
        return peer + "-exchange-" + (index + 1);
    }

    private static GradeMark mark(Grade grade) {
        return new GradeMark(name(grade), style(grade), switch (grade) {
            case GOOD -> "As it should be.";
            case WEAK -> "Allowed, or harmless, but others do better.";
            case BAD -> "Breaks a rule, or loses data: the peer is not safe.";
            case UNKNOWN -> "It could not be found out.";
        });
    }

    private static String style(Grade grade) {
        return grade.name().toLowerCase(Locale.ROOT);
    }

    private static String name(Grade grade) {
        return grade.name().charAt(0) + style(grade).substring(1);
    }
}
