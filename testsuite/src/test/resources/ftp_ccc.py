"""An FTP client that secures its control connection, logs in, ends TLS with CCC, and goes on in plaintext.

Usage: ftp_ccc.py PORT TLS-VERSION
"""

import ftplib
import ssl
import sys

port, version = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.minimum_version = context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]

ftp = ftplib.FTP_TLS(context=context, timeout=10)
ftp.connect("127.0.0.1", int(port))
print(ftp.login("user", "secret"))
print(ftp.ccc())
print(ftp.sendcmd("NOOP"))
print(ftp.sendcmd("NOOP"))
print(ftp.quit())
