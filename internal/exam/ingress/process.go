package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// process is a server that runs.
type process struct {
	address string // host:port
	cmd     *exec.Cmd
	ended   chan struct{}
	said    *tail
}

// tail keeps the last of what a process says.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-1000):]
	return len(p), nil
}

// startTimeout is how long a server may take until it answers.
const startTimeout = 30 * time.Second

// start runs a server that will listen at address, and waits until it does.
func start(ctx context.Context, address, binary string, args ...string) (*process, error) {
	p := &process{address: address, cmd: exec.CommandContext(ctx, binary, args...), ended: make(chan struct{}), said: &tail{}}
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	for begin := time.Now(); time.Since(begin) < startTimeout; {
		select {
		case <-p.ended:
			return nil, fmt.Errorf("%s ended as it started: %s", filepath.Base(binary), bytes.TrimSpace(p.said.text))
		case <-time.After(20 * time.Millisecond):
		}
		if c, err := net.Dial("tcp", address); err == nil {
			return p, c.Close()
		}
	}
	p.stop()
	return nil, fmt.Errorf("%s does not listen at %s after %s: %s", filepath.Base(binary), address, startTimeout, bytes.TrimSpace(p.said.text))
}

// stop ends it, whatever it does.
func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// tick is the unit of times in /proc/PID/stat: USER_HZ is 100 everywhere.
const tick = time.Second / 100

// cpu returns the user and system time that it has taken.
func (p *process) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return cpuTime(string(stat))
}

// cpuTime reads utime and stime, fields 14 and 15 (proc_pid_stat(5)). The second one,
// the name, may hold anything, even spaces.
func cpuTime(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat has too few fields")
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// rss returns its resident memory in bytes: now, and the most it had.
func (p *process) rss() (now, peak int64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	now, err1 := memory(string(status), "VmRSS:")
	peak, err2 := memory(string(status), "VmHWM:")
	return now, peak, errors.Join(err1, err2)
}

// memory reads a line of /proc/PID/status: a name, a number, and kB.
func memory(status, name string) (int64, error) {
	_, rest, _ := strings.Cut(status, name)
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, fmt.Errorf("no %s in /proc/PID/status", name)
	}
	kb, err := strconv.ParseInt(fields[0], 10, 64)
	return kb << 10, err
}

// freeAddress returns an address of loopback that nobody listens at.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// output runs a command and returns what it writes; an error has the last line it said.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		said := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return "", fmt.Errorf("%s %s: %w: %s", filepath.Base(name), args[0], err, said[len(said)-1])
	}
	return string(out), nil
}

// identity is a certificate and its key, in one file, and each in one of its own.
type identity struct{ both, cert, key string }

// writeIdentity makes the certificate that all TLS servers have.
func writeIdentity(dir string) (identity, error) {
	id := identity{filepath.Join(dir, "both.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return id, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return id, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return id, err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	return id, errors.Join(os.WriteFile(id.cert, cert, 0o600), os.WriteFile(id.key, key, 0o600),
		os.WriteFile(id.both, append(key, cert...), 0o600))
}
