"""Redacts secrets in responses, header and body: the work that stanch is compared in.

The expressions are of the tokens that are met most, in the way rules for scanners are
written; known secrets are replaced where they stand.
"""

import re

from mitmproxy import ctx

EXPRESSIONS = [
    r"\bgh[pousr]_[0-9A-Za-z]{36}\b",
    r"\bgithub_pat_\w{82}\b",
    r"\bglpat-[\w-]{20}\b",
    r"\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
    r"\bxox[abeoprs]-(?:\d{10,13}-){1,3}[0-9A-Za-z-]{20,}",
    r"https://hooks\.slack\.com/(?:services|workflows|triggers)/[0-9A-Za-z+/]{43,56}",
    r"\b[rs]k_(?:live|test|prod)_[0-9A-Za-z]{10,99}\b",
    r"\bAIza[\w-]{35}\b",
    r"\bnpm_[0-9A-Za-z]{36}\b",
    r"\bpypi-AgEIcHlwaS5vcmc[\w-]{50,1000}",
    r"\bSG\.[\w=.-]{66}\b",
    r"\bSK[0-9a-fA-F]{32}\b",
    r"\bsk-(?:proj-|svcacct-|admin-)?[\w-]{20,74}T3BlbkFJ[\w-]{20,74}\b",
    r"\bsk-ant-(?:api03|admin01)-[\w-]{93}AA\b",
    r"\bdo[opr]_v1_[0-9a-f]{64}\b",
    r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b",
    r"\bkey-[0-9a-f]{32}\b",
    r"\bhf_[A-Za-z]{34}\b",
    r"\bey[\w-]{17,}\.ey[\w/-]{17,}\.[\w/-]{10,}={0,2}",
    r"-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----[\s\S]{64,}?-----END[ A-Z0-9_-]{0,100}-----",
    r"(?<=://)[^\s/:@]{1,64}:[^\s/:@]{3,128}(?=@)",
    r"(?i)(?:access|auth|api|credential|creds|key|passw(?:or)?d|secret|token)[\w.-]{0,20}[\"'\s]{0,3}(?:=|:|=>)[\"'\s=]{0,5}([\w.=-]{10,150})",
]


class Redact:
    def load(self, loader):
        loader.add_option("known", str, "", "list of known secrets, name=value")

    def configure(self, updated):
        if "known" not in updated:
            return
        with open(ctx.options.known, "rb") as lines:
            self.known = [line.rstrip(b"\n").partition(b"=")[2] for line in lines]
        self.expressions = [re.compile(e.encode()) for e in EXPRESSIONS]

    def clean(self, text):
        for expression in self.expressions:
            text = expression.sub(b"[REDACTED]", text)
        for secret in self.known:
            if secret in text:
                text = text.replace(secret, b"[REDACTED]")
        return text

    def response(self, flow):
        flow.response.headers.fields = tuple(
            (name, self.clean(value)) for name, value in flow.response.headers.fields
        )
        content = flow.response.content
        if content:
            cleaned = self.clean(content)
            if cleaned != content:
                flow.response.content = cleaned


addons = [Redact()]
