package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// proxyRun is a stanch proxy that runs.
type proxyRun struct {
	t          *testing.T
	cmd        *exec.Cmd
	lines      chan string // of standard error
	url, admin string
}

// startProxy starts the real command in dir and waits until it serves.
func startProxy(t *testing.T, dir string, args ...string) *proxyRun {
	t.Helper()
	p := &proxyRun{t: t, lines: make(chan string, 1000)}
	p.cmd = exec.Command("stanch", append([]string{"proxy", "ingress", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	p.cmd.Dir = dir
	said, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	go func() {
		defer close(p.lines)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			p.lines <- lines.Text()
		}
	}()
	p.url, _, _ = strings.Cut(strings.TrimPrefix(p.says("is in front of"), "stanch: "), " ")
	p.admin = strings.TrimSuffix(strings.TrimPrefix(p.says("metrics at"), "stanch: metrics at "), "/metrics")
	return p
}

// says waits for a line with a text and returns it.
func (p *proxyRun) says(text string) string {
	p.t.Helper()
	var before []string
	late := time.After(30 * time.Second)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("ended without %q, after\n%s", text, strings.Join(before, "\n"))
			}
			if strings.Contains(line, text) {
				return line
			}
			before = append(before, line)
		case <-late:
			p.t.Fatalf("no %q after\n%s", text, strings.Join(before, "\n"))
		}
	}
}

// end sends a signal and returns the exit code.
func (p *proxyRun) end(signal os.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	for range p.lines { // to the end of standard error, before which Wait must not close it
	}
	p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

// echo is an API that returns what it was sent, and what it should not.
func echo(t *testing.T) string {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "url %s\nkey %s\nbody %s\nleak shop_0001 stock_0002\n", r.URL, r.Header.Get("X-Key"), body)
	}))
	t.Cleanup(api.Close)
	return api.URL
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
}

const (
	shopRule  = "[[rules]]\nid = 'shop'\nregex = '''shop_\\d{4}'''\n"
	stockRule = "[[rules]]\nid = 'stock'\nregex = '''stock_\\d{4}'''\n"
)

// TestIngressServes starts the proxy and takes a request through it.
func TestIngressServes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"rules.toml": shopRule})
	p := startProxy(t, dir, "--upstream", echo(t), "--rules", "rules.toml", "--access-log", "access.jsonl", "--findings", "findings.jsonl")
	got := get(t, p.url+"/a?key=shop_9999")
	want := "url /a?key=%5BREDACTED%3Ashop%5D\nkey \nbody \nleak [REDACTED:shop] stock_0002\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := get(t, p.admin+"/readyz"); got != "ready\n" {
		t.Errorf("ready: %q", got)
	}
	if got := get(t, p.admin+"/metrics"); !strings.Contains(got, `stanch_ingress_findings_total{action="redact",direction="response",known="false",route="other",rule="shop"} 1`) {
		t.Errorf("metrics:\n%s", got)
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
	findings := jsonLines(t, filepath.Join(dir, "findings.jsonl"))
	if len(findings) != 2 || findings[0]["part"] != "url" || findings[0]["direction"] != "request" || findings[1]["part"] != "body" || findings[1]["style"] != "placeholder" {
		t.Errorf("findings: %v", findings)
	}
	access := jsonLines(t, filepath.Join(dir, "access.jsonl"))
	if len(access) != 1 || access[0]["redacted"] != 2.0 || strings.Contains(fmt.Sprint(access, findings), "shop_") {
		t.Errorf("access log: %v", access)
	}
}

// TestIngressShadow holds that shadow changes nothing and reports the same.
func TestIngressShadow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"rules.toml": shopRule})
	p := startProxy(t, dir, "--upstream", echo(t), "--rules", "rules.toml", "--shadow", "--findings", "findings.jsonl")
	if got := get(t, p.url+"/a?key=shop_9999"); !strings.HasPrefix(got, "url /a?key=shop_9999\n") || !strings.Contains(got, "leak shop_0001 ") {
		t.Errorf("%q", got)
	}
	p.end(os.Interrupt)
	findings := jsonLines(t, filepath.Join(dir, "findings.jsonl"))
	if len(findings) < 2 || findings[0]["shadow"] != true || findings[0]["action"] != "redact" {
		t.Errorf("findings: %v", findings)
	}
}

// TestIngressReloads holds that changes are taken over, and wrong ones are not.
func TestIngressReloads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	upstream := echo(t)
	settings := func(more string) string {
		return "ingress:\n  upstream: " + upstream + "\n  rules: rules.toml\n  known: secrets.txt\n  policies: policies\n" + more
	}
	const allow = "redaction: {rules: {'*': [{id: r, when: {rule: shop}, action: allow}]}}\n"
	writeFiles(t, dir, map[string]string{
		"rules.toml": shopRule, "secrets.txt": "a=first-known-secret\n", "policies/config/data.yaml": "redaction: {rules: {}}\n",
		"stanch.yaml": settings(""),
	})
	p := startProxy(t, dir)
	dials := 0
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		dials++
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}}
	leak := func(want string) {
		t.Helper()
		answer, err := client.Get(p.url)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		if got := string(text); !strings.HasSuffix(got, "leak "+want+"\n") {
			t.Errorf("%q, want %q", got, want)
		}
	}
	leak("[REDACTED:shop] stock_0002")

	writeFiles(t, dir, map[string]string{"policies/config/data.yaml": allow})
	p.says("are in force")
	leak("shop_0001 stock_0002")
	writeFiles(t, dir, map[string]string{"policies/config/data.yaml": "redaction: 1\n"})
	p.says("policies stay as they are")
	leak("shop_0001 stock_0002")
	writeFiles(t, dir, map[string]string{"policies/config/data.yaml": "redaction: {rules: {}}\n"})
	p.says("are in force")

	writeFiles(t, dir, map[string]string{"rules.toml": shopRule + stockRule}) // without a signal
	p.says("the configuration is taken over")
	leak("[REDACTED:shop] [REDACTED:stock]")

	writeFiles(t, dir, map[string]string{"stanch.yaml": settings("  lisen: a\n")})
	p.says(`unknown key "lisen"`)
	leak("[REDACTED:shop] [REDACTED:stock]")
	for _, fixed := range []string{"  limits: {header: 128KiB}\n", "  findings: other.jsonl\n"} {
		writeFiles(t, dir, map[string]string{"stanch.yaml": settings(fixed)})
		if got := p.says("restart for it"); !strings.Contains(got, "the configuration stays as it is") {
			t.Errorf("said %q", got)
		}
	}
	writeFiles(t, dir, map[string]string{"stanch.yaml": settings("  shadow: true\n")})
	p.cmd.Process.Signal(syscall.SIGHUP)
	p.says("the configuration is taken over")
	leak("shop_0001 stock_0002")

	// The policies of what is in force now are watched.
	writeFiles(t, dir, map[string]string{"policies/config/data.yaml": allow})
	p.says("are in force")
	if dials != 1 {
		t.Errorf("%d connections: some were dropped", dials)
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestIngressRotatesLogs holds that SIGHUP opens logs again.
func TestIngressRotatesLogs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"rules.toml": shopRule})
	p := startProxy(t, dir, "--upstream", echo(t), "--rules", "rules.toml", "--access-log", "access.jsonl")
	log := filepath.Join(dir, "access.jsonl")
	get(t, p.url+"/a")
	if err := os.Rename(log, log+".1"); err != nil {
		t.Fatal(err)
	}
	p.cmd.Process.Signal(syscall.SIGHUP)
	p.says("the configuration is taken over")
	get(t, p.url+"/b")
	p.end(syscall.SIGTERM)
	if old, now := jsonLines(t, log+".1"), jsonLines(t, log); len(old) != 1 || len(now) != 1 || now[0]["url"] != "/b" {
		t.Errorf("before %v, after %v", old, now)
	}
}

// TestIngressDrains holds that what is under way ends in peace.
func TestIngressDrains(t *testing.T) {
	t.Parallel()
	came, release := make(chan bool), make(chan bool)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		came <- true
		<-release
		io.WriteString(w, "the end\n")
	}))
	defer api.Close()
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"rules.toml": shopRule})
	p := startProxy(t, dir, "--upstream", api.URL, "--rules", "rules.toml")
	answered := make(chan string, 1)
	go func() {
		answer, err := http.Get(p.url)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		answered <- string(text)
	}()
	<-came
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.says("draining")
	close(release)
	if got := <-answered; got != "the end\n" {
		t.Errorf("answered %q", got)
	}
	for range p.lines {
	}
	if p.cmd.Wait(); p.cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("exit code %d", p.cmd.ProcessState.ExitCode())
	}
}

// TestIngressTLS serves over TLS, and says so.
func TestIngressTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"rules.toml": shopRule})
	certify(t, dir, time.Now().Add(time.Hour))
	p := startProxy(t, dir, "--upstream", echo(t), "--rules", "rules.toml", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
	if !strings.HasPrefix(p.url, "https://") {
		t.Fatalf("serves %s", p.url)
	}
	answer, err := trusting(t, dir).Get(p.url)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.ProtoMajor != 2 || answer.StatusCode != http.StatusOK {
		t.Errorf("%s %s", answer.Proto, answer.Status)
	}
	p.end(syscall.SIGTERM)
}

func jsonLines(t *testing.T, file string) (lines []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, v)
	}
	return lines
}
