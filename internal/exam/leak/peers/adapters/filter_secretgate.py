"""A filter that passes all of its input through secretgate's redactor at once, with
the known values of the file that is its argument."""
import logging
import sys

import structlog
from secretgate.secrets.known_values import HarvestConfig
from secretgate.secrets.redactor import SecretRedactor
from secretgate.secrets.scanner import SecretScanner

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
known = HarvestConfig(scan_env=False, secret_files=sys.argv[1:])
redactor = SecretRedactor(SecretScanner(enable_known_values=True, known_values_config=known))
text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
sys.stdout.buffer.write(redactor.redact(text).encode("utf-8", "surrogateescape"))
