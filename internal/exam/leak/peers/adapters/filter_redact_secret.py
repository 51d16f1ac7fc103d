"""A filter that passes all of its input through redact-secret at once."""
import sys

import redact_secret

redact_secret.initialize()
text = sys.stdin.buffer.read().decode("utf-8", "replace")
sys.stdout.buffer.write(redact_secret.scan_and_redact(text).text.encode())
