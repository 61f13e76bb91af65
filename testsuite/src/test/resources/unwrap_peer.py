"""Ends TLS with SSLSocket.unwrap(), exchanges a line in plaintext, and closes.

Usage: unwrap_peer.py first|second TLS-VERSION client PORT
       unwrap_peer.py first|second TLS-VERSION server CERTIFICATE KEY

"first" sends close_notify and waits for the peer's. "second" answers the peer's, and sends its plaintext in the same
segment. A server prints "listening on PORT".
"""

import socket
import ssl
import sys

order, version, role, *rest = sys.argv[1:]
server = role == "server"
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
context.minimum_version = context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]
if server:
    context.load_cert_chain(*rest)
    listener = socket.create_server(("127.0.0.1", 0))
    print("listening on", listener.getsockname()[1])
    plain = listener.accept()[0]
else:
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", int(rest[0])))
plain.settimeout(10)
tls = context.wrap_socket(plain, server_side=server)
print("read", tls.recv(100))
if order == "second":
    print("read", tls.recv(100))
    tls.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
plain = tls.unwrap()
print("TLS ended")
plain.sendall(b"from Python\n")
if order == "second":
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
print("plaintext", plain.recv(100))
plain.close()
