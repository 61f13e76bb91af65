package io.closenotify.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TransportPolicy;
import io.closenotify.core.Rules.Messages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Prints the decision table of the machine, made from the machine itself, and holds the page of tables against it:
 * under the default policy, and the rows that other rules add.
 */
class DecisionTableTest {

    private static final Path PAGE = Path.of("..", "docs", "decision-tables.md");
    private static final Path PRINTED = Path.of("target", "decision-table.md");
    private static final String BEGIN = "<!-- decision table: begin -->\n";
    private static final String END = "<!-- decision table: end -->";

    /** What may make a difference beside phase and input, in the order in which it is preferred as an explanation. */
    private static final Map<String, Function<MachineState, String>> GIVENS = new LinkedHashMap<>();

    static {
        GIVENS.put("mode", state -> lower(state.mode()));
        GIVENS.put("peer's alert", state -> lower(state.receive()));
        GIVENS.put("our alert", state -> lower(state.send()));
        GIVENS.put("input", state -> state.inputEnded() ? "ended" : "open");
        GIVENS.put("outcome", state -> state.completed() ? "delivered" : "due");
    }

    @Test
    void the_page_shows_the_decision_table() throws IOException {
        String table = table();
        Files.writeString(PRINTED, table);
        String page = Files.readString(PAGE);
        assertThat(page).contains(BEGIN, END);
        assertThat(page.substring(page.indexOf(BEGIN) + BEGIN.length(), page.indexOf(END)))
                .as("the table of the page, to be replaced by " + PRINTED).isEqualTo(table);
    }

    private static String table() {
        ShutdownPolicy policy = ShutdownPolicy.bidirectional();
        Set<Cell> cells = cells(Rules.of(policy));
        StringBuilder table = new StringBuilder(print(cells));
        Map<String, Rules> others = new LinkedHashMap<>();
        others.put("`onPeerCloseNotify` `DEFER`",
                Rules.of(policy.toBuilder().onPeerCloseNotify(PeerClosePolicy.DEFER).build()));
        others.put("`transport` `KEEP`", Rules.of(policy.toBuilder().transport(TransportPolicy.KEEP).build()));
        others.put("the end of input between two messages", Rules.of(policy, true, true, Messages.COMPLETE));
        others.put("the end of input inside a message", Rules.of(policy, true, true, Messages.CUT));
        others.put("datagrams", Rules.ofDatagrams(policy, true));
        others.forEach((name, rules) -> {
            Set<Cell> changed = cells(rules);
            changed.removeAll(cells);
            table.append("\nChanged by ").append(name).append(":\n\n").append(print(changed));
        });
        return table.toString();
    }

    /** One row of the whole table, before those that differ in the phase or the input only are told as one. */
    private record Cell(Phase phase, Input input, String row) {
    }

    private static Set<Cell> cells(Rules rules) {
        MachineWalk.Start start = new MachineWalk.Start(ShutdownMode.BIDIRECTIONAL, rules);
        Set<MachineState> states = MachineWalk.reachable(start).stream()
                // Told by the row that leads there.
                .filter(state -> state.receive() != MachineState.Receive.FORGIVEN)
                // Flags that a caller or the engine sets double every row; the walk covers them.
                .filter(state -> state.receive() != MachineState.Receive.ASSUMED || state.mode() == ShutdownMode.QUIET)
                .filter(state -> state.send() != MachineState.Send.ASSUMED || state.mode() == ShutdownMode.QUIET)
                .filter(state -> state.send() != MachineState.Send.CLOSE_NOTIFY
                        || state.phase().compareTo(Phase.SEND) >= 0)
                .collect(Collectors.toCollection(LinkedHashSet::new));
        Set<Cell> cells = new LinkedHashSet<>();
        for (Phase phase : Phase.values()) {
            List<MachineState> inPhase = states.stream().filter(state -> state.phase() == phase).toList();
            for (Input input : start.inputs()) {
                rows(phase, input, inPhase, rules).forEach(row -> cells.add(new Cell(phase, input, row)));
            }
        }
        return cells;
    }

    private static String print(Set<Cell> cells) {
        Map<String, Map<Phase, List<Input>>> rows = new LinkedHashMap<>();
        cells.forEach(cell -> rows.computeIfAbsent(cell.row(), unused -> new LinkedHashMap<>())
                .computeIfAbsent(cell.phase(), unused -> new ArrayList<>()).add(cell.input()));
        StringBuilder table = new StringBuilder("""
                | Phase | Input | Given | Next phase | Actions |
                |---|---|---|---|---|
                """);
        rows.forEach((row, byPhase) -> {
            Map<List<Input>, List<Phase>> byInputs = new LinkedHashMap<>();
            byPhase.forEach((phase, inputs) ->
                    byInputs.computeIfAbsent(inputs, unused -> new ArrayList<>()).add(phase));
            byInputs.forEach((inputs, phases) -> table.append("| ").append(names(phases)).append(" | ")
                    .append(names(inputs)).append(" | ").append(row).append(" |\n"));
        });
        return table.toString();
    }

    private static String names(List<? extends Enum<?>> constants) {
        return constants.stream().map(Enum::name).collect(Collectors.joining(", "));
    }

    /** Given, next phase and actions; nothing where the input changes nothing. */
    private static List<String> rows(Phase phase, Input input, List<MachineState> states, Rules rules) {
        List<String> givens = explanation(input, states, rules);
        Map<String, Map<String, Set<String>>> givenByAnswer = new LinkedHashMap<>();
        for (MachineState state : states) {
            Map<String, Set<String>> given =
                    givenByAnswer.computeIfAbsent(answer(state, input, rules), unused -> new LinkedHashMap<>());
            String last = givens.isEmpty() ? "" : GIVENS.get(givens.get(givens.size() - 1)).apply(state);
            String others = givens.stream().limit(Math.max(0, givens.size() - 1))
                    .map(name -> name + " " + GIVENS.get(name).apply(state) + ", ").collect(Collectors.joining());
            given.computeIfAbsent(others, unused -> new LinkedHashSet<>()).add(last);
        }
        List<String> rows = new ArrayList<>();
        givenByAnswer.forEach((answer, given) -> {
            if (!answer.isEmpty()) {
                String told = givens.isEmpty() ? "" : given.entrySet().stream()
                        .map(entry -> entry.getKey() + givens.get(givens.size() - 1) + " "
                                + String.join(" or ", entry.getValue()))
                        .collect(Collectors.joining("; "));
                rows.add(told + " | " + answer.replace("next phase of " + phase, phase.name()));
            }
        });
        return rows;
    }

    /** The fewest givens that determine the answer. */
    private static List<String> explanation(Input input, List<MachineState> states, Rules rules) {
        List<String> names = List.copyOf(GIVENS.keySet());
        List<List<String>> subsets = new ArrayList<>();
        for (int bits = 0; bits < 1 << names.size(); bits++) {
            List<String> subset = new ArrayList<>();
            for (int i = 0; i < names.size(); i++) {
                if ((bits & 1 << i) != 0) {
                    subset.add(names.get(i));
                }
            }
            subsets.add(subset);
        }
        subsets.sort((a, b) -> a.size() - b.size());
        for (List<String> subset : subsets) {
            Map<String, String> answers = new LinkedHashMap<>();
            boolean determined = states.stream().allMatch(state -> {
                String key = subset.stream().map(name -> GIVENS.get(name).apply(state))
                        .collect(Collectors.joining("|"));
                String answer = answer(state, input, rules);
                return answer.equals(answers.computeIfAbsent(key, unused -> answer));
            });
            if (determined) {
                return subset;
            }
        }
        throw new AssertionError("undetermined: " + input + " in " + states);
    }

    /** Empty if the input changes nothing. */
    private static String answer(MachineState state, Input input, Rules rules) {
        Transition transition = ShutdownMachine.next(state, input, rules);
        MachineState next = transition.state();
        List<String> actions = new ArrayList<>();
        for (Action action : transition.actions()) {
            actions.add(action == Action.COMPLETE ? "COMPLETE(" + next.result() + ")" : action.name());
        }
        if (next.mode() != state.mode()) {
            actions.add(0, "mode := " + lower(next.mode()));
        }
        if (next.phase() == state.phase() && actions.isEmpty()) {
            return "";
        }
        return next.phase() + " | " + String.join(", ", actions);
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
