package io.closenotify.quic;

import static io.closenotify.ShutdownInitiator.LOCAL;
import static io.closenotify.ShutdownInitiator.PEER;
import static io.closenotify.ShutdownInitiator.TRANSPORT;
import static io.closenotify.quic.Action.ANNOUNCE_PEER_CLOSE;
import static io.closenotify.quic.Action.ARM_CLOSE_TIMER;
import static io.closenotify.quic.Action.ARM_FLUSH_TIMER;
import static io.closenotify.quic.Action.ARM_PEER_TIMER;
import static io.closenotify.quic.Action.COMPLETE;
import static io.closenotify.quic.Action.FLUSH;
import static io.closenotify.quic.Action.LINGER;
import static io.closenotify.quic.Action.LINGER_SILENTLY;
import static io.closenotify.quic.Action.REFUSE_WRITES;
import static io.closenotify.quic.Action.RELEASE;
import static io.closenotify.quic.Action.SEND_CLOSE;
import static io.closenotify.quic.Action.STRENGTHEN;
import static io.closenotify.quic.Input.ABORT;
import static io.closenotify.quic.Input.CLOSE_FAILED;
import static io.closenotify.quic.Input.CLOSE_WRITTEN;
import static io.closenotify.quic.Input.FAILED;
import static io.closenotify.quic.Input.FLUSHED;
import static io.closenotify.quic.Input.HANDSHAKE_COMPLETED;
import static io.closenotify.quic.Input.IDLE_TIMEOUT;
import static io.closenotify.quic.Input.PEER_CLOSED;
import static io.closenotify.quic.Input.PEER_CLOSED_EARLY;
import static io.closenotify.quic.Input.REQUEST_COMPLIANT;
import static io.closenotify.quic.Input.REQUEST_RAPID;
import static io.closenotify.quic.Input.REQUEST_WAIT_PEER;
import static io.closenotify.quic.Input.REMOVED;
import static io.closenotify.quic.Input.RESET;
import static io.closenotify.quic.Input.SKIP_FLUSH;
import static io.closenotify.quic.Input.TIMER_EXPIRED;
import static io.closenotify.quic.QuicCloseDelivery.NOT_SENT;
import static io.closenotify.quic.QuicCloseDelivery.ON_WIRE;
import static io.closenotify.quic.QuicCloseDelivery.PEER_CONFIRMED;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Row by row what the machine decides, and what holds on every path through it. */
class QuicShutdownMachineTest {

    private static final int DEPTH = 8;

    /** The phases in which something is awaited, with the timer that bounds the wait. */
    private static final Map<Phase, Action> TIMERS = new EnumMap<>(Map.of(
            Phase.FLUSH, ARM_FLUSH_TIMER, Phase.WAIT_PEER, ARM_PEER_TIMER, Phase.CLOSE, ARM_CLOSE_TIMER));

    private static final Set<Input> PEER_CLOSES = EnumSet.of(PEER_CLOSED, PEER_CLOSED_EARLY);
    private static final Set<Input> LOSSES = EnumSet.of(IDLE_TIMEOUT, RESET, FAILED, REMOVED);

    // Rows

    private static List<Input> after(Input... inputs) {
        return List.of(inputs);
    }

    private static Arguments row(StreamFlush flush, List<Input> before, Input input, Phase next, Action... actions) {
        return Arguments.of(flush, before, input, next, Arrays.asList(actions));
    }

    static Stream<Arguments> steps() {
        StreamFlush flush = StreamFlush.ACKNOWLEDGED;
        StreamFlush none = StreamFlush.NONE;
        List<Input> open = after(HANDSHAKE_COMPLETED);
        List<Input> flushing = after(HANDSHAKE_COMPLETED, REQUEST_COMPLIANT);
        List<Input> waiting = after(HANDSHAKE_COMPLETED, REQUEST_WAIT_PEER);
        List<Input> closing = after(HANDSHAKE_COMPLETED, REQUEST_COMPLIANT, FLUSHED);
        return Stream.of(
                row(flush, after(), HANDSHAKE_COMPLETED, Phase.OPEN),
                row(flush, after(), REQUEST_COMPLIANT, Phase.CLOSE, REFUSE_WRITES, ARM_CLOSE_TIMER, SEND_CLOSE),
                row(flush, after(), REQUEST_RAPID, Phase.CLOSE, REFUSE_WRITES, ARM_CLOSE_TIMER, SEND_CLOSE),
                row(flush, after(), REQUEST_WAIT_PEER, Phase.WAIT_PEER, ARM_PEER_TIMER),
                row(flush, after(), SKIP_FLUSH, Phase.HANDSHAKE),
                row(flush, after(REQUEST_WAIT_PEER), HANDSHAKE_COMPLETED, Phase.WAIT_PEER),
                row(flush, after(REQUEST_WAIT_PEER), REQUEST_COMPLIANT, Phase.CLOSE,
                        REFUSE_WRITES, ARM_CLOSE_TIMER, SEND_CLOSE),
                row(flush, after(REQUEST_WAIT_PEER, HANDSHAKE_COMPLETED), REQUEST_COMPLIANT, Phase.FLUSH,
                        REFUSE_WRITES, ARM_FLUSH_TIMER, FLUSH),

                row(flush, open, REQUEST_COMPLIANT, Phase.FLUSH, REFUSE_WRITES, ARM_FLUSH_TIMER, FLUSH),
                row(flush, open, REQUEST_RAPID, Phase.FLUSH, REFUSE_WRITES, ARM_FLUSH_TIMER, FLUSH),
                row(none, open, REQUEST_COMPLIANT, Phase.CLOSE, REFUSE_WRITES, ARM_CLOSE_TIMER, SEND_CLOSE),
                row(none, open, REQUEST_RAPID, Phase.CLOSE, REFUSE_WRITES, ARM_CLOSE_TIMER, SEND_CLOSE),
                row(flush, open, REQUEST_WAIT_PEER, Phase.WAIT_PEER, ARM_PEER_TIMER),
                row(flush, open, TIMER_EXPIRED, Phase.OPEN),

                row(flush, waiting, REQUEST_COMPLIANT, Phase.FLUSH, REFUSE_WRITES, ARM_FLUSH_TIMER, FLUSH),
                row(none, waiting, REQUEST_RAPID, Phase.CLOSE, REFUSE_WRITES, ARM_CLOSE_TIMER, SEND_CLOSE),
                row(flush, waiting, REQUEST_WAIT_PEER, Phase.WAIT_PEER),
                row(flush, waiting, SKIP_FLUSH, Phase.WAIT_PEER),
                row(flush, waiting, TIMER_EXPIRED, Phase.CLOSE, REFUSE_WRITES, ARM_CLOSE_TIMER, SEND_CLOSE),

                row(flush, flushing, FLUSHED, Phase.CLOSE, ARM_CLOSE_TIMER, SEND_CLOSE),
                row(flush, flushing, TIMER_EXPIRED, Phase.CLOSE, ARM_CLOSE_TIMER, SEND_CLOSE),
                row(flush, flushing, SKIP_FLUSH, Phase.CLOSE, ARM_CLOSE_TIMER, SEND_CLOSE),
                row(flush, flushing, REQUEST_WAIT_PEER, Phase.FLUSH),
                row(flush, flushing, CLOSE_WRITTEN, Phase.FLUSH),

                row(flush, closing, CLOSE_WRITTEN, Phase.TERMINATED, LINGER, COMPLETE, RELEASE),
                row(flush, closing, CLOSE_FAILED, Phase.TERMINATED, COMPLETE, RELEASE),
                row(flush, closing, TIMER_EXPIRED, Phase.TERMINATED, COMPLETE, RELEASE),
                row(flush, closing, FLUSHED, Phase.CLOSE),
                row(flush, closing, SKIP_FLUSH, Phase.CLOSE),
                row(flush, after(HANDSHAKE_COMPLETED, REQUEST_RAPID, FLUSHED), CLOSE_WRITTEN, Phase.TERMINATED,
                        LINGER_SILENTLY, COMPLETE, RELEASE),
                row(flush, after(HANDSHAKE_COMPLETED, REQUEST_RAPID, REQUEST_COMPLIANT, FLUSHED), CLOSE_WRITTEN,
                        Phase.TERMINATED, LINGER, COMPLETE, RELEASE),
                row(flush, after(HANDSHAKE_COMPLETED, REQUEST_RAPID, FLUSHED, CLOSE_WRITTEN), REQUEST_COMPLIANT,
                        Phase.TERMINATED, STRENGTHEN),
                row(flush, after(HANDSHAKE_COMPLETED, REQUEST_RAPID, FLUSHED, PEER_CLOSED), REQUEST_COMPLIANT,
                        Phase.TERMINATED));
    }

    @ParameterizedTest
    @MethodSource("steps")
    void a_step_has_its_phase_and_its_actions_in_order(
            StreamFlush flush, List<Input> before, Input input, Phase next, List<Action> actions) {
        Transition transition = QuicShutdownMachine.next(
                state(QuicShutdownMode.COMPLIANT, flush, before), input, flush);
        assertThat(transition.next().phase()).isEqualTo(next);
        assertThat(transition.actions()).isEqualTo(actions);
    }

    @ParameterizedTest
    @EnumSource(names = {"HANDSHAKE", "OPEN", "WAIT_PEER", "FLUSH", "CLOSE"})
    void a_peers_close_ends_every_phase_and_is_told(Phase phase) {
        Input[] all = {HANDSHAKE_COMPLETED, REQUEST_WAIT_PEER, REQUEST_COMPLIANT, FLUSHED};
        List<Input> before = switch (phase) {
            case HANDSHAKE -> List.of();
            case OPEN -> List.of(all).subList(0, 1);
            case WAIT_PEER -> List.of(all).subList(0, 2);
            case FLUSH -> List.of(all).subList(0, 3);
            default -> List.of(all);
        };
        MachineState state = state(QuicShutdownMode.COMPLIANT, StreamFlush.ACKNOWLEDGED, before);
        assertThat(state.phase()).isEqualTo(phase);
        for (Input input : PEER_CLOSES) {
            Transition transition = QuicShutdownMachine.next(state, input, StreamFlush.ACKNOWLEDGED);
            assertThat(transition.next().phase()).isEqualTo(Phase.TERMINATED);
            assertThat(transition.actions()).containsExactly(REFUSE_WRITES, ANNOUNCE_PEER_CLOSE, COMPLETE, RELEASE);
        }
    }

    private static Arguments end(ShutdownResult result, ShutdownInitiator initiator, QuicCloseDelivery delivery,
            Input... inputs) {
        return Arguments.of(result, initiator, delivery, List.of(inputs));
    }

    static Stream<Arguments> ends() {
        return Stream.of(
                end(ShutdownResult.CLEAN, LOCAL, ON_WIRE, HANDSHAKE_COMPLETED, REQUEST_COMPLIANT, FLUSHED,
                        CLOSE_WRITTEN),
                end(ShutdownResult.UNIDIRECTIONAL, LOCAL, ON_WIRE, HANDSHAKE_COMPLETED, REQUEST_RAPID, FLUSHED,
                        CLOSE_WRITTEN),
                end(ShutdownResult.CLEAN, LOCAL, ON_WIRE, HANDSHAKE_COMPLETED, REQUEST_RAPID, FLUSHED,
                        REQUEST_COMPLIANT, CLOSE_WRITTEN),
                end(ShutdownResult.FLUSH_FAILED, LOCAL, ON_WIRE, HANDSHAKE_COMPLETED, REQUEST_COMPLIANT,
                        TIMER_EXPIRED, CLOSE_WRITTEN),
                end(ShutdownResult.FLUSH_FAILED, LOCAL, PEER_CONFIRMED, HANDSHAKE_COMPLETED, REQUEST_COMPLIANT,
                        SKIP_FLUSH, PEER_CLOSED),
                end(ShutdownResult.FLUSH_FAILED, LOCAL, NOT_SENT, HANDSHAKE_COMPLETED, REQUEST_COMPLIANT, FLUSHED,
                        TIMER_EXPIRED),
                end(ShutdownResult.FLUSH_FAILED, LOCAL, NOT_SENT, HANDSHAKE_COMPLETED, REQUEST_RAPID, FLUSHED,
                        CLOSE_FAILED),
                end(ShutdownResult.FLUSH_FAILED, LOCAL, PEER_CONFIRMED, HANDSHAKE_COMPLETED, REQUEST_COMPLIANT,
                        PEER_CLOSED_EARLY),
                end(ShutdownResult.CLEAN, LOCAL, PEER_CONFIRMED, HANDSHAKE_COMPLETED, REQUEST_COMPLIANT, FLUSHED,
                        PEER_CLOSED),
                end(ShutdownResult.CLEAN, PEER, PEER_CONFIRMED, HANDSHAKE_COMPLETED, PEER_CLOSED),
                end(ShutdownResult.FLUSH_FAILED, PEER, PEER_CONFIRMED, HANDSHAKE_COMPLETED, PEER_CLOSED_EARLY),
                end(ShutdownResult.CLEAN, PEER, PEER_CONFIRMED, HANDSHAKE_COMPLETED, REQUEST_WAIT_PEER, PEER_CLOSED),
                end(ShutdownResult.PEER_SILENT, LOCAL, ON_WIRE, HANDSHAKE_COMPLETED, REQUEST_WAIT_PEER,
                        TIMER_EXPIRED, CLOSE_WRITTEN),
                end(ShutdownResult.PEER_SILENT, TRANSPORT, NOT_SENT, HANDSHAKE_COMPLETED, REQUEST_WAIT_PEER,
                        IDLE_TIMEOUT),
                end(ShutdownResult.RESET, TRANSPORT, NOT_SENT, HANDSHAKE_COMPLETED, REQUEST_WAIT_PEER, RESET),
                end(ShutdownResult.PEER_SILENT, TRANSPORT, NOT_SENT, HANDSHAKE_COMPLETED, IDLE_TIMEOUT),
                end(ShutdownResult.PEER_SILENT, LOCAL, NOT_SENT, HANDSHAKE_COMPLETED, REQUEST_COMPLIANT,
                        IDLE_TIMEOUT),
                end(ShutdownResult.RESET, TRANSPORT, NOT_SENT, HANDSHAKE_COMPLETED, RESET),
                end(ShutdownResult.ABORTED, TRANSPORT, NOT_SENT, HANDSHAKE_COMPLETED, FAILED),
                end(ShutdownResult.ABORTED, LOCAL, NOT_SENT, HANDSHAKE_COMPLETED, REMOVED),
                end(ShutdownResult.ABORTED, LOCAL, ON_WIRE, HANDSHAKE_COMPLETED, ABORT, CLOSE_WRITTEN),
                end(ShutdownResult.ABORTED, LOCAL, ON_WIRE, HANDSHAKE_COMPLETED, REQUEST_COMPLIANT, ABORT,
                        CLOSE_WRITTEN),
                end(ShutdownResult.ABORTED, LOCAL, ON_WIRE, HANDSHAKE_COMPLETED, REQUEST_WAIT_PEER, ABORT,
                        CLOSE_WRITTEN),
                end(ShutdownResult.ABORTED, LOCAL, ON_WIRE, ABORT, CLOSE_WRITTEN),
                end(ShutdownResult.ABORTED, LOCAL, NOT_SENT, HANDSHAKE_COMPLETED, ABORT, TIMER_EXPIRED),
                end(ShutdownResult.ABORTED, LOCAL, NOT_SENT, HANDSHAKE_COMPLETED, ABORT, ABORT),
                end(ShutdownResult.FLUSH_FAILED, LOCAL, NOT_SENT, HANDSHAKE_COMPLETED, REQUEST_COMPLIANT,
                        TIMER_EXPIRED, ABORT),
                end(ShutdownResult.ABORTED, LOCAL, ON_WIRE, REQUEST_COMPLIANT, CLOSE_WRITTEN),
                end(ShutdownResult.ABORTED, PEER, PEER_CONFIRMED, PEER_CLOSED),
                end(ShutdownResult.ABORTED, TRANSPORT, NOT_SENT, IDLE_TIMEOUT),
                end(ShutdownResult.ABORTED, PEER, PEER_CONFIRMED, REQUEST_WAIT_PEER, PEER_CLOSED),
                end(ShutdownResult.ABORTED, TRANSPORT, NOT_SENT, REQUEST_WAIT_PEER, IDLE_TIMEOUT),
                end(ShutdownResult.CLEAN, PEER, PEER_CONFIRMED, REQUEST_WAIT_PEER, HANDSHAKE_COMPLETED,
                        PEER_CLOSED));
    }

    @ParameterizedTest
    @MethodSource("ends")
    void an_end_has_its_result_its_initiator_and_its_delivery(
            ShutdownResult result, ShutdownInitiator initiator, QuicCloseDelivery delivery, List<Input> inputs) {
        MachineState state = state(QuicShutdownMode.COMPLIANT, StreamFlush.ACKNOWLEDGED, inputs);
        assertThat(state.phase()).isEqualTo(Phase.TERMINATED);
        assertThat(state.result()).isEqualTo(result);
        assertThat(state.initiator()).isEqualTo(initiator);
        assertThat(state.delivery()).isEqualTo(delivery);
    }

    private static MachineState state(QuicShutdownMode mode, StreamFlush flush, List<Input> inputs) {
        MachineState state = MachineState.initial(mode);
        for (Input input : inputs) {
            state = QuicShutdownMachine.next(state, input, flush).next();
        }
        return state;
    }

    // Every state that can be reached

    static Stream<Arguments> starts() {
        return Stream.of(QuicShutdownMode.values())
                .flatMap(mode -> Stream.of(StreamFlush.values()).map(flush -> Arguments.of(mode, flush)));
    }

    @ParameterizedTest
    @MethodSource("starts")
    void every_transition_keeps_the_invariants(QuicShutdownMode mode, StreamFlush flush) {
        Set<MachineState> states = QuicMachineWalk.reachable(mode, flush);
        assertThat(states).hasSizeGreaterThan(40);
        for (MachineState state : states) {
            for (Input input : Input.values()) {
                check(state, input, QuicShutdownMachine.next(state, input, flush), flush);
            }
        }
    }

    private static void check(MachineState from, Input input, Transition transition, StreamFlush flush) {
        MachineState to = transition.next();
        List<Action> actions = transition.actions();
        String what = from + " + " + input + " -> " + transition;

        assertThat(actions).as(what).doesNotHaveDuplicates();
        if (from.phase() == Phase.TERMINATED) {
            boolean strengthens = input == REQUEST_COMPLIANT && from.mode() == QuicShutdownMode.RAPID
                    && from.delivery() == ON_WIRE;
            assertThat(actions).as("terminated absorbs all but a strengthening: " + what)
                    .isEqualTo(strengthens ? List.of(STRENGTHEN) : List.of());
            assertThat(to).as("terminated absorbs all but a strengthening: " + what)
                    .isEqualTo(strengthens ? from.with(QuicShutdownMode.COMPLIANT) : from);
            return;
        }
        if (to.equals(from)) {
            assertThat(actions).as("what changes nothing does nothing: " + what).isEmpty();
        }
        Action timer = TIMERS.get(to.phase());
        assertThat(actions.stream().filter(TIMERS::containsValue))
                .as("a phase arms its timer when it begins, and only then: " + what)
                .isEqualTo(timer != null && to.phase() != from.phase() ? List.of(timer) : List.of());
        assertThat(actions.contains(SEND_CLOSE)).as("the close is sent when its phase begins: " + what)
                .isEqualTo(to.phase() == Phase.CLOSE && from.phase() != Phase.CLOSE);
        assertThat(actions.contains(FLUSH)).as("the flush begins with its phase: " + what)
                .isEqualTo(to.phase() == Phase.FLUSH && from.phase() != Phase.FLUSH);
        if (to.phase() == Phase.FLUSH) {
            assertThat(flush).as("none is flushed if none is asked for: " + what).isEqualTo(StreamFlush.ACKNOWLEDGED);
        }
        if (from.phase() == Phase.WAIT_PEER && actions.contains(SEND_CLOSE)) {
            assertThat(input).as("the wait for the peer ends by its timer, another request or force: " + what)
                    .isIn(TIMER_EXPIRED, REQUEST_COMPLIANT, REQUEST_RAPID, ABORT);
        }
        checkEnd(from, input, to, actions, what);
        if (from.isShuttingDown() && from.phase() != Phase.WAIT_PEER) {
            assertThat(to.initiator()).as("the first initiator stays: " + what).isEqualTo(from.initiator());
            assertThat(to.mode()).as("a mode is only ever strengthened: " + what)
                    .isIn(from.mode(), QuicShutdownMode.COMPLIANT);
        }
        if (from.verdict() != null && input != HANDSHAKE_COMPLETED) {
            assertThat(to.verdict()).as("the first verdict stays: " + what).isEqualTo(from.verdict());
        }
        if (to.isShuttingDown()) {
            assertThat(to.initiator()).as("a shutdown in progress is ours: " + what).isEqualTo(LOCAL);
        }
    }

    private static void checkEnd(
            MachineState from, Input input, MachineState to, List<Action> actions, String what) {
        boolean ends = to.phase() == Phase.TERMINATED;
        assertThat(actions.contains(COMPLETE)).as("an end has one outcome: " + what).isEqualTo(ends);
        assertThat(actions.contains(RELEASE)).as("an end releases the connection: " + what).isEqualTo(ends);
        assertThat(to.result() != null).as("a result is had at the end: " + what).isEqualTo(ends);
        assertThat(actions.contains(ANNOUNCE_PEER_CLOSE)).as("a peer's close is told: " + what)
                .isEqualTo(PEER_CLOSES.contains(input));
        boolean written = input == CLOSE_WRITTEN && from.phase() == Phase.CLOSE;
        assertThat(actions.contains(LINGER)).as("what is compliant lingers: " + what)
                .isEqualTo(written && from.mode() != QuicShutdownMode.RAPID);
        assertThat(actions.contains(LINGER_SILENTLY)).as("what is rapid lingers silently: " + what)
                .isEqualTo(written && from.mode() == QuicShutdownMode.RAPID);
        assertThat(to.delivery()).as("the delivery is what was seen: " + what).isEqualTo(
                PEER_CLOSES.contains(input) ? PEER_CONFIRMED : written ? ON_WIRE : NOT_SENT);
        if (!ends) {
            return;
        }
        assertThat(to.initiator()).as("somebody ended it: " + what).isNotNull();
        assertThat(actions.subList(actions.size() - 2, actions.size()))
                .as("told, then released, and the ids are taken before: " + what).containsExactly(COMPLETE, RELEASE);
        if (to.result().isSuccess()) {
            assertThat(to.delivery()).as("no success that the peer cannot know of: " + what).isNotEqualTo(NOT_SENT);
            assertThat(input).as("no success with data lost: " + what).isIn(CLOSE_WRITTEN, PEER_CLOSED);
            assertThat(from.phase()).as("no success before the handshake, nor in a flush: " + what)
                    .isIn(Phase.OPEN, Phase.WAIT_PEER, Phase.CLOSE);
        }
        switch (to.result()) {
            case CLEAN -> assertThat(to.delivery() == PEER_CONFIRMED || to.mode() != QuicShutdownMode.RAPID)
                    .as("clean means compliant, or the peer's: " + what).isTrue();
            case UNIDIRECTIONAL -> assertThat(to.mode() == QuicShutdownMode.RAPID && to.delivery() == ON_WIRE)
                    .as("unidirectional means rapid: " + what).isTrue();
            default -> assertThat(to.result().isSuccess()).as("one of QUIC's results: " + what).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("starts")
    void timers_alone_end_every_shutdown(QuicShutdownMode mode, StreamFlush flush) {
        for (MachineState start : QuicMachineWalk.reachable(mode, flush)) {
            MachineState state = start;
            for (int timers = 0; timers < 2 && state.isShuttingDown(); timers++) {
                Phase phase = state.phase();
                state = QuicShutdownMachine.next(state, TIMER_EXPIRED, flush).next();
                assertThat(state.phase()).as("a timer ends its phase: " + start).isGreaterThan(phase);
            }
            assertThat(state.isShuttingDown()).as(start.toString()).isFalse();
        }
    }

    // Every path

    /** What happened on a path. */
    private record Path(MachineState state, List<Input> inputs, List<Action> actions) {

        Path then(Input input, StreamFlush flush) {
            Transition transition = QuicShutdownMachine.next(state, input, flush);
            List<Input> nextInputs = new ArrayList<>(inputs);
            nextInputs.add(input);
            List<Action> nextActions = new ArrayList<>(actions);
            nextActions.addAll(transition.actions());
            return new Path(transition.next(), nextInputs, nextActions);
        }

        long count(Action... counted) {
            return actions.stream().filter(List.of(counted)::contains).count();
        }
    }

    @ParameterizedTest
    @MethodSource("starts")
    void every_path_has_at_most_one_close_one_outcome_and_one_release(QuicShutdownMode mode, StreamFlush flush) {
        int paths = 0;
        Deque<Path> open = new ArrayDeque<>();
        open.push(new Path(MachineState.initial(mode), List.of(), List.of()));
        while (!open.isEmpty()) {
            Path path = open.pop();
            paths++;
            checkPath(path);
            if (path.inputs().size() == DEPTH) {
                continue;
            }
            for (Input input : Input.values()) {
                Path next = path.then(input, flush);
                // What changes nothing is left out: its absence is a shorter path.
                if (!next.state().equals(path.state())) {
                    open.push(next);
                }
            }
        }
        assertThat(paths).isGreaterThan(100);
    }

    private static void checkPath(Path path) {
        String what = path.toString();
        assertThat(path.count(SEND_CLOSE)).as("one close: " + what).isLessThanOrEqualTo(1);
        assertThat(path.count(FLUSH)).as("one flush: " + what).isLessThanOrEqualTo(1);
        assertThat(path.count(COMPLETE)).as("one outcome: " + what)
                .isEqualTo(path.state().phase() == Phase.TERMINATED ? 1 : 0);
        assertThat(path.count(RELEASE)).as("one release: " + what).isEqualTo(path.count(COMPLETE));
        assertThat(path.count(LINGER, LINGER_SILENTLY)).as("one entry: " + what).isLessThanOrEqualTo(1);
        assertThat(path.count(STRENGTHEN)).as("one strengthening, of what was silent: " + what)
                .isLessThanOrEqualTo(path.count(LINGER_SILENTLY));
        assertThat(path.count(LINGER, LINGER_SILENTLY)).as("only a close that was sent lingers: " + what)
                .isLessThanOrEqualTo(path.count(SEND_CLOSE));
        int refused = path.actions().indexOf(REFUSE_WRITES);
        for (Action late : List.of(FLUSH, SEND_CLOSE, ANNOUNCE_PEER_CLOSE)) {
            if (path.actions().contains(late)) {
                assertThat(refused).as("writes are refused before " + late + ": " + what)
                        .isBetween(0, path.actions().indexOf(late));
            }
        }
        if (path.actions().contains(ANNOUNCE_PEER_CLOSE)) {
            // RFC 9000 10.2.2: "An endpoint that enters the draining state MUST NOT send any packets".
            assertThat(path.actions().subList(path.actions().indexOf(ANNOUNCE_PEER_CLOSE), path.actions().size()))
                    .as("nothing is sent to a peer that closed: " + what).containsExactly(
                            ANNOUNCE_PEER_CLOSE, COMPLETE, RELEASE);
        }
        ShutdownResult result = path.state().result();
        if (result == null || !result.isSuccess()) {
            return;
        }
        assertThat(path.inputs()).as("no success without a handshake: " + what).contains(HANDSHAKE_COMPLETED);
        assertThat(path.inputs()).as("no success where the connection was lost: " + what)
                .doesNotContainAnyElementsOf(LOSSES).doesNotContain(PEER_CLOSED_EARLY, CLOSE_FAILED, TIMER_EXPIRED);
        if (path.actions().contains(FLUSH)) {
            assertThat(path.inputs()).as("no success of a flush that was given up: " + what).contains(FLUSHED);
        }
    }

    @Test
    void the_arguments_of_a_second_request_change_nothing_but_a_rapid_mode() {
        for (StreamFlush flush : StreamFlush.values()) {
            for (MachineState state : QuicMachineWalk.reachable(QuicShutdownMode.COMPLIANT, flush)) {
                if (state.phase() == Phase.FLUSH || state.phase() == Phase.CLOSE) {
                    assertThat(QuicShutdownMachine.next(state, REQUEST_RAPID, flush).next()).isEqualTo(state);
                    assertThat(QuicShutdownMachine.next(state, REQUEST_WAIT_PEER, flush).next()).isEqualTo(state);
                    assertThat(QuicShutdownMachine.next(state, REQUEST_COMPLIANT, flush)).isEqualTo(new Transition(
                            state.mode() == QuicShutdownMode.RAPID ? state.with(QuicShutdownMode.COMPLIANT) : state,
                            List.of()));
                }
            }
        }
    }
}
