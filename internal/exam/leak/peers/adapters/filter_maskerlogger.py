"""A filter that passes each line through maskerlogger's formatter."""
import logging
import sys

from maskerlogger import MaskerFormatter

formatter = MaskerFormatter("%(message)s")
for line in sys.stdin.buffer:
    text = line.decode("utf-8", "surrogateescape")
    body = text.rstrip("\n")
    record = logging.LogRecord("exam", logging.INFO, "", 0, body, None, None)
    masked = formatter.format(record) + text[len(body):]
    sys.stdout.buffer.write(masked.encode("utf-8", "surrogateescape"))
