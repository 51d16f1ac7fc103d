package check_test

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/exam/leak/check"
	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// value is what must vanish: no real secret, and long enough for pieces of it.
const value = "Qm7xTz2LkP9vRw4Hs8Jd"

// TestLeaksAreSeen shows writings of the secret that a tool may leave behind.
func TestLeaksAreSeen(t *testing.T) {
	tests := map[string]string{
		"raw":                      "password=" + value,
		"piece":                    "password=[REDACTED]" + value[4:16],
		"percent":                  "%51m7xTz2LkP9%76Rw4Hs8Jd",
		"percent thrice":           "%252551m7xTz%25252LkP9%252576Rw4Hs8Jd",
		"c escapes":                `\x51m7\170Tz2LkP9vRw\x34Hs8Jd`,
		"unicode escapes":          `Qm7xTz\u0032\u004ck\u{50}9vR\U00000077w4Hs8Jd`,
		"base64":                   "UW03eFR6MkxrUDl2Unc0SHM4SmQ=",
		"base64 cut at the front":  "[REDACTED]zeFR6MkxrUDl2Unc0SHM4SmQ=",
		"base64 in lines":          "UW03eFR6Mkxr\r\n  UDl2Unc0SHM4\r\n  SmQ=",
		"base64 of base64":         "VVcwM2VGUjZNa3hyVURsMlVuYzBTSE00U21RPQ==",
		"hex":                      "516d3778547a324c6b5039765277344873384a64",
		"hex one digit off":        "f516D3778547A324C6B5039765277344873384A64",
		"hex with colons":          "51:6d:37:78:54:7a:32:4c:6b:50:39:76:52:77:34:48:73:38:4a:64",
		"hex as bytes of C":        "0x51, 0x6d, 0x37, 0x78, 0x54, 0x7a, 0x32, 0x4c, 0x6b, 0x50, 0x39, 0x76, 0x52, 0x77",
		"entities":                 "&#81;m7xT&#x7a;2LkP9vRw4Hs8Jd",
		"quoted-printable":         "Qm7xTz2=\r\nLkP9v=52w4Hs8Jd",
		"lines":                    "Qm7xTz2L\n  kP9vRw4Hs8Jd",
		"cri frames":               "2026-03-02T08:15:01.1Z stdout P Qm7xTz2\n2026-03-02T08:15:01.2Z stdout F LkP9vRw4Hs8Jd\n",
		"docker frames":            `{"log":"Qm7xTz2","stream":"stdout"}` + "\n" + `{"log":"LkP9vRw4Hs8Jd\n","stream":"stdout"}` + "\n",
		"colours":                  "Qm7xTz2\x1b[1;33mLkP9vRw4Hs8Jd\x1b[0m",
		"utf-16":                   strings.Join(strings.Split("\xff\xfe"+value, ""), "\x00"),
		"hex of base64 of percent": "4a5455786253557a4e336855656a4a4d61314135646c4a334e45687a4f45706b",
		"four layers":              url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString([]byte("&#81;" + value[1:]))))),
	}
	for name, output := range tests {
		t.Run(name, func(t *testing.T) {
			v := vector.Vector{Vanish: []string{value}, Input: []byte(value), Parse: "text"}
			if r := check.Check(&v, []byte(output)); len(r.Leaked) != 1 {
				t.Errorf("%q: the secret is not seen: %+v", output, r)
			}
		})
	}
}

// TestRedactedIsClean shows outputs that leak nothing.
func TestRedactedIsClean(t *testing.T) {
	for _, output := range []string{
		"", "password=[REDACTED]", "password=" + value[:11], "pRw=" + strings.ToLower(value), "UW03eFR6MkxrUA==",
	} {
		v := vector.Vector{Vanish: []string{value}, Input: []byte(value), Parse: "text"}
		if r := check.Check(&v, []byte(output)); !r.Passed() {
			t.Errorf("%q: %+v", output, r)
		}
	}
}

// TestShortSecrets holds that six tenths of a short secret are too much.
func TestShortSecrets(t *testing.T) {
	v := vector.Vector{Vanish: []string{"abcdefghij"}, Input: []byte("x"), Parse: "text"}
	if r := check.Check(&v, []byte("bcdef")); !r.Passed() {
		t.Error("a half is too much")
	}
	if r := check.Check(&v, []byte("bcdefg")); r.Passed() {
		t.Error("six tenths are not seen")
	}
}

// TestLoss holds that text that must stay is looked for, through encodings too.
func TestLoss(t *testing.T) {
	v := vector.Vector{Stay: []string{"user=anna"}, Input: []byte("x"), Parse: "text"}
	for output, lost := range map[string]int{"user=anna x": 0, "user%3Danna": 0, "user=": 1, "": 1} {
		if r := check.Check(&v, []byte(output)); len(r.Lost) != lost {
			t.Errorf("%q: lost %v", output, r.Lost)
		}
	}
}

// TestFormats shows for each format an output that keeps it and some that do not.
func TestFormats(t *testing.T) {
	tests := []struct {
		format, input, good string
		bad                 []string
	}{
		{"text", "a\n", "b\nc", []string{"\xff"}},
		{"utf-16", "\xff\xfea\x00", "\xff\xfeb\x00c\x00", []string{"\xff\xfea", "a\x00", "\xfe\xff\x00a"}},
		{"jsonl", `{"a":"x","b":1}`, `{"a":"[R]","b":2}`, []string{`{"a":"x"b","b":1}`, `{"a":1,"b":1}`, `{"a":"x"}`}},
		{"jsonl", `{"a":"{\"b\":\"x\"}"}`, `{"a":"{\"b\":\"[R]\"}"}`, []string{`{"a":"{\"b\":\"x"}`, `{"a":"[R]"}`}},
		{"sse", "data: {\"a\":\"x\"}\n\n", "data: {\"a\":\"[R]\"}\n\n", []string{"data: {\"a\":\"[R]}\n\n", "[R]\n\n"}},
		{"url", "GET https://h/p?a=1&b=2 x", "GET https://h/q?a=%5BR%5D&b=2 x", []string{"GET https://h/p?a=%zz&b=2", "GET https://h/p?a=1", "GET https://h%/p?a=1&b=2", "GET [R]"}},
		{"url", "postgres://u:p@h:1/d", "postgres://u:%5BR%5D@h:1/d", []string{"postgres://u:[R]@h:1/d", "postgres://h:1/d", "postgres://u:p@g:1/d"}},
		{"header", "GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n", "GET / HTTP/1.1\r\nAuthorization: Bearer [R]\r\n\r\n", []string{"GET / HTTP/1.1\r\nAuthorization: [R]\r\n\r\n", "GET / HTTP/1.1\r\nAuthorization\r\n\r\n"}},
		{"header", "GET / HTTP/1.1\r\nCookie: a=x; b=y\r\n\r\n", "GET / HTTP/1.1\r\nCookie: a=[R]; b=y\r\n\r\n", []string{"GET / HTTP/1.1\r\nCookie: a=[R]\r\n\r\n", "GET / HTTP/1.1\r\nCookie: a=[R x]; b=y\r\n\r\n"}},
		{"csv", "a,b\nc,d\n", "a,b\n\"[R, x]\",d\n", []string{"a,b\n[R, x],d\n", "a,b\n\"c,d\n"}},
		{"xml", "<a b=\"c\">d</a>", "<a b=\"[R]\">&lt;R></a>", []string{"<a b=\"c\"><R></a>", "<a>d</a>", "<a b=\"c\">d"}},
		{"yaml", "a: b\nc:\n  d: \"e\"\n", "a: '[R]'\nc:\n  d: \"[R]\"\n", []string{"a: [R]\nc:\n  d: \"e\"\n", "a: b\nc:\n  d: \"e\n", "a: b\n"}},
		{"multipart", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n[R]\r\n--x--\r\n", []string{"--x\r\n\r\nb\r\n--x--\r\n", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n"}},
		{"cri", "2026-03-02T08:15:01Z stdout F a\n", "2026-03-02T08:15:01Z stdout F [R]\n", []string{"[R]\n"}},
		{"docker", `{"log":"a","stream":"stdout","time":"t"}`, `{"log":"[R]","stream":"stdout","time":"t"}`, []string{`{"log":"a"}`, `[R]`}},
	}
	for _, test := range tests {
		v := vector.Vector{Input: []byte(test.input), Parse: test.format}
		if r := check.Check(&v, []byte(test.good)); !r.Passed() {
			t.Errorf("%s: %q: %s", test.format, test.good, r.Broken)
		}
		for _, bad := range test.bad {
			if r := check.Check(&v, []byte(bad)); r.Broken == "" {
				t.Errorf("%s: %q passes for %q", test.format, bad, test.input)
			}
		}
	}
}
