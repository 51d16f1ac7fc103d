# What a careful engineer writes into a log pipeline: names of credentials with
# their values, the tokens that everybody knows, and credentials in URLs.
s/((password|passwd|pwd|passphrase|secret|token|api_?key|apikey|access_?key|private_?key|credentials?|session_?id|authorization)[A-Za-z0-9_-]*["']?[[:space:]]*[=:][[:space:]]*["']?((Bearer|Basic|Token)[[:space:]]+)?)[^][:space:]"'&,;<>})]+/\1REDACTED/Ig
s/((Bearer|Basic)[[:space:]]+)[A-Za-z0-9._~+\/-]{8,}=*/\1REDACTED/Ig
s/(gh[pousr]_|github_pat_)[A-Za-z0-9_]{20,}/REDACTED/g
s/(AKIA|ASIA)[A-Z0-9]{16}/REDACTED/g
s/xox[abprs]-[A-Za-z0-9-]{10,}/REDACTED/g
s/(sk|rk)_(live|test)_[A-Za-z0-9]{10,}/REDACTED/g
s/eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/REDACTED/g
s/([a-z][a-z0-9+.-]*:\/\/[^\/[:space:]:@]*:)[^@\/[:space:]]+@/\1REDACTED@/g
/-----BEGIN [A-Z ]*PRIVATE KEY-----/,/-----END [A-Z ]*PRIVATE KEY-----/c\
REDACTED
