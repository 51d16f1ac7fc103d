"""A filter that replaces what detect-secrets finds in all of its input, written to
a file, since its plugins work on files."""
import sys
import tempfile

from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings

text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
with tempfile.NamedTemporaryFile(suffix=".txt") as file, default_settings():
    file.write(text.encode("utf-8", "surrogateescape"))
    file.flush()
    found = SecretsCollection()
    found.scan_file(file.name)
values = {secret.secret_value for _, secret in found if secret.secret_value}
for value in sorted(values, key=len, reverse=True):
    text = text.replace(value, "REDACTED")
sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
