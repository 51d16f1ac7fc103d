package cli_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/cli"
)

// TestFilterMetrics asks a running filter for its counters.
func TestFilterMetrics(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules.toml")
	if err := os.WriteFile(rules, []byte("[[rules]]\nid='shop \"token\\'\nregex='''shop_\\d{4}'''\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in, inWriter := io.Pipe()
	outReader, out := io.Pipe()
	talk, talkWriter := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- cli.Main([]string{"filter", "--rules", rules, "--metrics", "0"}, in, out, talkWriter)
	}()
	said := bufio.NewScanner(talk)
	said.Scan()
	address, ok := strings.CutPrefix(said.Text(), "stanch: metrics at http://127.0.0.1:")
	if !ok {
		t.Fatalf("said %q", said.Text())
	}
	go io.Copy(io.Discard, talk)

	io.WriteString(inWriter, "a shop_0001\nb shop_0002\nc")
	lines := bufio.NewScanner(outReader)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "b ") {
	}
	io.WriteString(inWriter, "\n") // when it comes out, what was before it is counted
	lines.Scan()
	base := "http://127.0.0.1:" + strings.TrimSuffix(address, "/metrics")
	if got := get(t, base+"/healthz"); got != "ok\n" {
		t.Errorf("health: %q", got)
	}
	got := get(t, base+"/metrics")
	for _, want := range []string{
		"# HELP stanch_filter_bytes_total Bytes that came in.\n# TYPE stanch_filter_bytes_total counter\nstanch_filter_bytes_total 2",
		"\nstanch_filter_secrets_total{rule=\"shop \\\"token\\\\\"} 2\n",
		"\nstanch_filter_forced_total 0\n", "\nstanch_filter_held_bytes 0\n", "\nstanch_filter_uptime_seconds ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	inWriter.Close()
	go io.Copy(io.Discard, outReader)
	if code := <-done; code != cli.ExitClean {
		t.Errorf("exit code %d", code)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
