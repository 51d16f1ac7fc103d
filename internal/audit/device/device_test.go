package device_test

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/audit/device"
)

type options map[string]string

func open(t *testing.T, kind string, o options) device.Device {
	t.Helper()
	spec, err := device.Check(kind, o)
	if err != nil {
		t.Fatal(err)
	}
	d, err := spec.Open(os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func write(t *testing.T, d device.Device, lines string) {
	t.Helper()
	if err := d.Write([]byte(lines)); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		kind string
		o    options
		want string // in the error, empty for none
	}{
		{"file", options{"file_path": "/x", "mode": "0640", "log_raw": "true", "hmac_accessor": "false", "prefix": "@cee: ", "format": "json"}, ""},
		{"syslog", options{"facility": "local7", "tag": "x"}, ""},
		{"socket", options{"address": "h:1", "socket_type": "udp", "write_timeout": "5"}, ""},
		{"stdout", options{"elide_list_responses": "true"}, ""},
		{"kafka", nil, `no audit device of type "kafka"; the types are file, stdout, syslog, socket`},
		{"file", nil, "option file_path: is needed"},
		{"file", options{"file_path": "/x", "mode": "0755"}, "option mode"},
		{"file", options{"file_path": "/x", "mode": "rw"}, "option mode"},
		{"file", options{"file_path": "/x", "format": "jsonx"}, "option format"},
		{"file", options{"file_path": "/x", "log_raw": "maybe"}, "option log_raw"},
		{"file", options{"file_path": "/x", "filter": "x"}, "option filter: is not known; there are file_path, mode, log_raw"},
		{"file", options{"file_path": "/x", "prefix": "* * root /bin/sh\n"}, "option prefix"},
		{"file", options{"file_path": "/x", "max_line": "10"}, "option max_line"},
		{"syslog", options{"facility": "LOCAL9"}, "option facility"},
		{"syslog", options{"tag": "a b"}, "option tag"},
		{"socket", options{"address": "h:1", "socket_type": "ip", "write_timeout": "-1s"}, "option write_timeout"},
	} {
		_, err := device.Check(c.kind, c.o)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %v: %v, want %q", c.kind, c.o, err, c.want)
		}
	}
	spec, err := device.Check("syslog", options{"hmac_accessor": "false", "prefix": "x"})
	if diff := cmp.Diff(device.Common{PlainAccessor: true, Prefix: "x", MaxLine: 7 << 10}, spec.Common); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestFileFollowsItsPath(t *testing.T) {
	name := filepath.Join(t.TempDir(), "sub", "audit.log")
	d := open(t, "file", options{"file_path": name})
	write(t, d, "{1}\n")
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, d, "{2}\n")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	write(t, d, "{3}\n")
	d.Reopen()
	write(t, d, "{4}\n")
	if err := os.Truncate(name, 0); err != nil { // as logrotate's copytruncate does
		t.Fatal(err)
	}
	write(t, d, "{5}\n")
	if old, now := content(t, name+".1"), content(t, name); old != "{1}\n" || now != "{5}\n" {
		t.Errorf("%q, %q", old, now)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Write([]byte("{6}\n")); err == nil {
		t.Error("written though a folder is in the way")
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	write(t, d, "{6}\n")
	if got := content(t, name); got != "{6}\n" {
		t.Errorf("%q", got)
	}
}

func TestFileThatIsThere(t *testing.T) {
	for _, c := range []struct{ name, before, last, after string }{
		{"log", "{1}\n{2}\n", "{2}", "{1}\n{2}\n{new}\n"},
		{"torn", "{1}\n{2}\n{\"a", "{2}", "{1}\n{2}\n{new}\n"},
		{"torn first line", `p: {"a`, "", "{new}\n"},
		{"empty", "", "", "{new}\n"},
	} {
		name := filepath.Join(t.TempDir(), "audit.log")
		if err := os.WriteFile(name, []byte(c.before), 0o644); err != nil {
			t.Fatal(err)
		}
		d := open(t, "file", options{"file_path": name, "mode": "0000"})
		last, err := d.Last()
		write(t, d, "{new}\n")
		if got := content(t, name); got != c.after || string(last) != c.last || err != nil {
			t.Errorf("%s: %q, last %q, %v", c.name, got, last, err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("mode 0000 changed the mode: %v, %v", info.Mode(), err)
		}
	}
}

func TestFileRefuses(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "script")
	if err := os.WriteFile(other, []byte("#!/bin/sh\nexit 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	used := filepath.Join(dir, "used")
	open(t, "file", options{"file_path": used})
	for path, want := range map[string]string{other: "no audit log", dir: "no regular file", used: "in use", "/dev/tty": "no regular file"} {
		spec, err := device.Check("file", options{"file_path": path})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := spec.Open(os.Stderr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if got := content(t, other); !strings.HasSuffix(got, "exit 1") {
		t.Errorf("a refused file was changed: %q", got)
	}
}

func TestStreams(t *testing.T) {
	for _, c := range []struct {
		kind string
		o    options
		want string
	}{{"stdout", nil, "{1}\n"}, {"file", options{"file_path": "stdout"}, "{1}\n"}, {"file", options{"file_path": "discard"}, ""}} {
		spec, err := device.Check(c.kind, c.o)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		d, err := spec.Open(&out)
		if err != nil || d.Durable() {
			t.Fatal(err, "or durable")
		}
		write(t, d, "{1}\n")
		if out.String() != c.want {
			t.Errorf("%s %v: %q", c.kind, c.o, out.String())
		}
	}
}

// read returns the next line or message that comes in.
func read(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestSocketConnectsAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := open(t, "socket", options{"address": l.Addr().String()})
	conns := make(chan net.Conn, 1)
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			conns <- c
		}
	}()
	write(t, d, "{1}\n")
	first := <-conns
	if got := read(t, bufio.NewReader(first)); got != "{1}\n" {
		t.Errorf("%q", got)
	}
	_ = first.Close()
	// That the other side has closed is noticed soon, though not at once.
	for end := time.After(20 * time.Second); ; {
		_ = d.Write(nil)
		select {
		case second := <-conns:
			defer second.Close()
			write(t, d, "{2}\n")
			if got := read(t, bufio.NewReader(second)); got != "{2}\n" {
				t.Errorf("%q", got)
			}
			return
		case <-end:
			t.Fatal("no second connection")
		case <-time.After(time.Millisecond):
		}
	}
}

func TestSocketFails(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	d := open(t, "socket", options{"address": none, "socket_type": "unix"})
	if d.Write([]byte("{1}\n")) == nil {
		t.Error("sent to nobody")
	}
	// A listener that never reads fills up; the deadline ends the write.
	l, err := net.Listen("unix", none)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	slow := open(t, "socket", options{"address": none, "socket_type": "unix", "write_timeout": "50ms"})
	if slow.Write(bytes.Repeat([]byte("{1234567}\n"), 1<<20)) == nil {
		t.Error("10 MB were taken by nobody")
	}
}

func TestSyslog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := open(t, "syslog", options{"address": path, "facility": "local1", "tag": "bank"})
	write(t, d, "{1}\n{2}\n")
	buf := make([]byte, 1000)
	for _, body := range []string{"{1}", "{2}"} {
		n, err := l.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if want := `^<142>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d bank\[\d+\]: ` + regexp.QuoteMeta(body) + `$`; !regexp.MustCompile(want).Match(buf[:n]) {
			t.Errorf("%q does not match %s", buf[:n], want)
		}
	}
}
