"""A TLS peer that does what its command line says, step by step, and tells what it saw.

TLS runs over memory BIOs, so that close_notify, FIN and RST are apart from each other and a record can be cut at any
byte. A server prints {"event": "listening", "port": N} first. Every connection prints one line {"event": "end", ...}.

Steps:
  handshake         do the TLS handshake
  send:N            send N bytes of application data (byte i of all that is sent is i modulo 251)
  recv:N            read until N more bytes of application data have arrived
  close_notify      send close_notify
  wait_close_notify read until the peer's close_notify
  read_eof          read until the peer's FIN or RST
  fin               half-close TCP
  rst               reset TCP
  close             close TCP
  half_record:N     of what is produced next send N bytes only; the others are kept
  rest              send what was kept
  hold              produce, but send nothing (of a handshake: hold its last flight only) ...
  flush             ... until here, where it goes out in one piece
  raw:HEX           send these bytes past TLS
  mark:NAME         print {"event": "mark", "name": NAME}
  wait_line         wait for a line on standard input
"""

import argparse
import json
import socket
import ssl
import struct
import sys

CHUNK = 65536
PERIOD = 251


class Failed(Exception):
    """A step could not be done."""


class Connection:
    def __init__(self, sock, tls, incoming, outgoing):
        self.sock = sock
        self.tls = tls
        self.incoming = incoming
        self.outgoing = outgoing
        self.sent = 0
        self.received = 0
        self.wanted = 0
        self.intact = True
        self.close_notify = False
        self.alert = None
        self.end = None
        self.cut = None
        self.kept = b""
        self.held = None

    def run(self, steps):
        for step in steps:
            name, _, argument = step.partition(":")
            getattr(self, "do_" + name)(*([argument] if argument else []))

    def report(self):
        established = self.tls.version() is not None and self.tls.cipher() is not None
        return {
            "event": "end",
            "version": self.tls.version() if established else None,
            "resumed": bool(self.tls.session_reused) if established else False,
            "bytes": self.received,
            "intact": self.intact,
            "closeNotify": self.close_notify,
            "alert": self.alert,
            "end": self.end,
        }

    # Steps

    def do_handshake(self):
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.write_socket(self.outgoing.read())
                data = self.read_socket()
                if not data:
                    raise Failed("end of input in the handshake")
                self.incoming.write(data)
            except ssl.SSLError as e:
                self.alert = e.reason or str(e)
                self.write_socket(self.outgoing.read())
                raise Failed("handshake failed: " + self.alert)
        self.transmit()

    def do_send(self, count):
        count = int(count)
        first = self.sent % PERIOD
        pattern = bytes(range(PERIOD)) * (count // PERIOD + 2)
        self.tls.write(pattern[first:first + count])
        self.sent += count
        self.transmit()

    def do_recv(self, count):
        self.wanted += int(count)
        self.decrypt()
        while self.received < self.wanted:
            if self.close_notify or not self.receive():
                raise Failed("only %d of %d bytes arrived" % (self.received, self.wanted))

    def do_close_notify(self):
        # Nothing may wait to be decrypted: SSL_shutdown fails on application data.
        self.decrypt()
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.transmit()

    def do_wait_close_notify(self):
        self.decrypt()
        while not self.close_notify:
            if not self.receive():
                raise Failed("end of input before the peer's close_notify")

    def do_read_eof(self):
        self.decrypt()
        while self.end is None and self.receive():
            pass

    def do_fin(self):
        self.sock.shutdown(socket.SHUT_WR)

    def do_rst(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def do_close(self):
        self.sock.close()

    def do_half_record(self, count):
        self.cut = int(count)

    def do_rest(self):
        self.kept, data = b"", self.kept
        self.write_socket(data)

    def do_hold(self):
        self.held = b""

    def do_flush(self):
        self.held, data = None, self.held
        self.write_socket(data)

    def do_raw(self, digits):
        self.write_socket(bytes.fromhex(digits))

    def do_mark(self, name):
        tell({"event": "mark", "name": name})

    def do_wait_line(self):
        if not sys.stdin.readline():
            raise Failed("end of standard input")

    # Bytes

    def receive(self):
        """Takes what arrives next; False at the end of input."""
        data = self.read_socket()
        if not data:
            return False
        if not self.close_notify:
            self.incoming.write(data)
            self.decrypt()
        return True

    def read_socket(self):
        try:
            data = self.sock.recv(CHUNK)
        except ConnectionError:
            self.end = "reset"
            return b""
        if not data:
            self.end = "fin"
        return data

    def decrypt(self):
        while not self.close_notify and self.alert is None:
            try:
                data = self.tls.read(CHUNK)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                data = b""
            except ssl.SSLError as e:
                self.alert = e.reason or str(e)
                break
            if not data:
                self.close_notify = True
            for start in range(0, len(data), PERIOD):
                piece = data[start:start + PERIOD]
                first = (self.received + start) % PERIOD
                self.intact = self.intact and piece == PATTERN[first:first + len(piece)]
            self.received += len(data)
        self.transmit()

    def transmit(self):
        data = self.outgoing.read()
        if not data:
            return
        if self.held is not None:
            self.held += data
            return
        if self.cut is not None:
            data, self.kept, self.cut = data[:self.cut], data[self.cut:], None
        self.write_socket(data)

    def write_socket(self, data):
        if self.end == "reset":
            return
        try:
            self.sock.sendall(data)
        except ConnectionError:
            self.end = "reset"


PATTERN = bytes(range(PERIOD)) * 2


def tell(line):
    print(json.dumps(line), flush=True)


def context_of(arguments):
    server = arguments.role == "server"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[arguments.tls]
    context.minimum_version = context.maximum_version = version
    if server:
        context.load_cert_chain(arguments.cert, arguments.key)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--role", choices=["server", "client"], required=True)
    parser.add_argument("--tls", choices=["1.2", "1.3"], required=True)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=10)
    parser.add_argument("steps", nargs="+")
    arguments = parser.parse_args()

    server = arguments.role == "server"
    context = context_of(arguments)
    listener = None
    session = None
    if server:
        listener = socket.create_server(("127.0.0.1", arguments.port))
        tell({"event": "listening", "port": listener.getsockname()[1]})
    for _ in range(arguments.connections):
        sock = listener.accept()[0] if server else socket.create_connection(("127.0.0.1", arguments.port))
        sock.settimeout(arguments.timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=server, session=session)
        connection = Connection(sock, tls, incoming, outgoing)
        failure = None
        try:
            connection.run(arguments.steps)
        except (Failed, OSError) as e:
            failure = "%s: %s" % (type(e).__name__, e)
        sock.close()
        tell(dict(connection.report(), failure=failure))
        session = tls.session if not server else None


main()
