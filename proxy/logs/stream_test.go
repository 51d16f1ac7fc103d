package logs_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/logs"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// TestLineGoesOutAlone holds that a line comes out before anything else goes in:
// it waits for neither more input nor a timer.
func TestLineGoesOutAlone(t *testing.T) {
	f := newFilter(t)
	in, inWriter := io.Pipe()
	outReader, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := logs.Copy(t.Context(), out, in, f, logs.Options{})
		out.Close()
		done <- err
	}()
	lines := bufio.NewReader(outReader)
	secret := sample(t, 1, "github-pat")
	for n := range 100 {
		fmt.Fprintf(inWriter, "%d token %s\n", n, secret)
		got, err := lines.ReadString('\n')
		if err != nil || !strings.HasPrefix(got, fmt.Sprintf("%d token [REDACTED:github-pat:", n)) {
			t.Fatalf("line %d: %q, %v", n, got, err)
		}
	}
	inWriter.Close()
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("the rest is %q, %v", rest, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// longLine returns one line of size bytes with secrets at the given places.
func longLine(size int, places map[int]string) string {
	line := bytes.Repeat([]byte("lorem ipsum "), size/12+1)[:size]
	for at, secret := range places {
		copy(line[at:], " "+secret+" ")
	}
	return string(line) + "\n"
}

// TestPiecesOfLongLines puts secrets at, before and behind the ends of pieces.
func TestPiecesOfLongLines(t *testing.T) {
	f := newFilter(t)
	const piece = 1<<20 - 128<<10
	secret := sample(t, 1, "github-pat")
	for shift := -60; shift <= 60; shift += 7 {
		places := map[int]string{}
		for _, border := range []int{piece, 1 << 20, 2 * piece, piece + 1<<20, 3 * piece} {
			places[border+shift] = secret
		}
		text := "first\n" + longLine(3<<20, places)[6:] + "last " + secret + "\n"
		got := copied(t, f, strings.NewReader(text))
		if strings.Contains(got.Text, secret) || got.Stats.Redacted != len(places)+1 {
			t.Fatalf("shift %d: %d of %d secrets redacted", shift, got.Stats.Redacted, len(places)+1)
		}
		want := strings.ReplaceAll(text, secret, strings.Fields(got.Text[strings.LastIndex(got.Text, "last"):])[1])
		if got.Text != want {
			t.Fatalf("shift %d: other bytes changed", shift)
		}
		if last := got.Found[len(got.Found)-1]; !strings.HasPrefix(last, "3:6-3:") {
			t.Errorf("shift %d: the last line's finding is at %s", shift, last)
		}
	}
}

// TestSecretFarBehindItsName has the name in one piece and the secret in the next,
// out of reach of its context.
func TestSecretFarBehindItsName(t *testing.T) {
	f := filterWith(t, parse(t, "[[rules]]\nid='a'\nregex='''name(?: x){1000}(?: x){1000}=(\\w+)'''\n"))
	before := strings.Repeat("y ", (1<<20-128<<10)/2-1500)
	text := before + "name" + strings.Repeat(" x", 2000) + "=hunter2 " + strings.Repeat("z ", 1<<19) + "\n"
	got := copied(t, f, strings.NewReader(text))
	if want := strings.Replace(text, "hunter2", "[REDACTED:a]", 1); got.Text != want {
		t.Errorf("%d placeholders, %d bytes, want 1, %d", got.Stats.Redacted, len(got.Text), len(want))
	}
}

func TestColumnsInLongLines(t *testing.T) {
	secret := sample(t, 1, "github-pat")
	const at = 2_000_000
	got := copied(t, newFilter(t), strings.NewReader(longLine(3<<20, map[int]string{at: secret})))
	want := fmt.Sprintf("1:%d-1:%d ", at+2, at+1+len(secret))
	if len(got.Found) != 1 || !strings.HasPrefix(got.Found[0], want) {
		t.Errorf("found %q, want one at %s", got.Found, want)
	}
}

// TestEndlessToken holds that a secret longer than what is looked at is dropped to
// its end, not only as far as it was seen.
func TestEndlessToken(t *testing.T) {
	f := filterWith(t, parse(t, "[[rules]]\nid='a'\nregex='''tok_[a-z0-9]{10,}'''\n"))
	for _, size := range []int{1000, 8000, 100_000, 2_000_000} {
		for _, start := range []int{0, 800_000, 1_048_560, 2_000_000} {
			before, behind := strings.Repeat("x ", start/2), "; end\nnext tok_0123456789\n"
			token := "tok_" + strings.Repeat("0a1b2c3d4e", size/10)
			got := copied(t, f, iotest.HalfReader(strings.NewReader(before+token+behind)))
			placeholder := "[REDACTED:a]" // the tag would be that of a part
			if size <= 8000 {
				placeholder = redact.WithKey(key).Placeholder("a", []byte(token))
			}
			if want := before + placeholder + "; end\nnext [REDACTED:a]\n"; got.Text != want {
				t.Errorf("token of %d bytes at %d: got %d bytes, want %d: …%.80q", size, start, len(got.Text), len(want), got.Text[max(0, len(got.Text)-80):])
			}
		}
	}
}

// repeated gives text again and again, size bytes in all.
type repeated struct {
	text string
	size int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.size <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && n < r.size {
		n += copy(p[n:min(len(p), r.size)], r.text)
	}
	r.size -= n
	return n, nil
}

// TestMemoryDoesNotGrow copies lines and one long line, and counts what is
// allocated in all.
func TestMemoryDoesNotGrow(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector, which is run with -short, has pools drop their memory")
	}
	f := newFilter(t)
	for name, text := range map[string]string{
		"lines":    "2026-03-02T08:00:00Z INFO request handled path=/api/v1/items status=200\n",
		"one line": "lorem ipsum dolor sit amet ",
		"NULs":     "\x00\x00\x00\x00",
	} {
		copied(t, f, &repeated{text, 4 << 20})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		stats, err := logs.Copy(t.Context(), io.Discard, &repeated{text, 64 << 20}, f, logs.Options{})
		runtime.ReadMemStats(&after)
		if err != nil || stats.Bytes != 64<<20 {
			t.Fatalf("%s: copied %d bytes, %v", name, stats.Bytes, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 12<<20 {
			t.Errorf("%s: %d bytes allocated for 64 MiB", name, grown)
		}
		if n := after.Mallocs - before.Mallocs; n > 10_000 {
			t.Errorf("%s: %d allocations for 64 MiB", name, n)
		}
	}
}

// tokenFilter finds one kind of token only.
func tokenFilter(t *testing.T) *proxy.Filter {
	return filterWith(t, parse(t, "[[rules]]\nid='github-pat'\nregex='''ghp_[0-9A-Za-z]{36}'''\n"))
}

func TestReadError(t *testing.T) {
	broken := errors.New("device gone")
	secret := sample(t, 1, "github-pat")
	half := "half of " + secret[:20]
	var out bytes.Buffer
	in := io.MultiReader(strings.NewReader("a "+secret+"\n"+half), iotest.ErrReader(broken))
	stats, err := logs.Copy(t.Context(), &out, in, tokenFilter(t), logs.Options{})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if got := out.String(); !strings.HasPrefix(got, "a [REDACTED:github-pat:") || !strings.HasSuffix(got, "]\nhalf of ") {
		t.Errorf("wrote %q", got)
	}
	if stats.Withheld != 20 || stats.Lines != 2 || stats.Redacted != 1 {
		t.Errorf("counted %+v", stats)
	}
}

func TestReadErrorWithinKey(t *testing.T) {
	key := sample(t, 1, "private-key")
	in := io.MultiReader(strings.NewReader("a\n"+key[:len(key)-5]), iotest.ErrReader(io.ErrUnexpectedEOF))
	var out bytes.Buffer
	stats, err := logs.Copy(t.Context(), &out, in, filterWith(t, defaults(t)), logs.Options{})
	if !errors.Is(err, io.ErrUnexpectedEOF) || out.String() != "a\n[REDACTED:private-key]" || stats.Unclosed != 1 {
		t.Errorf("wrote %q, %+v, %v", out.String(), stats, err)
	}
}

func TestWriteError(t *testing.T) {
	in := &repeated{"line\n", 1 << 20}
	failed := errors.New("disk full")
	if _, err := logs.Copy(t.Context(), failingWriter{failed}, in, newFilter(t), logs.Options{}); !errors.Is(err, failed) {
		t.Errorf("error %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// TestNobodyReads writes to a pipe whose other end is closed.
func TestNobodyReads(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	if _, err := logs.Copy(t.Context(), w, &repeated{"line\n", 1 << 20}, newFilter(t), logs.Options{}); err != nil {
		t.Errorf("error %v", err)
	}
}

// TestCancelDrains cancels while one line waits to be written, the next has been
// read, and a third has only begun.
func TestCancelDrains(t *testing.T) {
	f := tokenFilter(t)
	secret := sample(t, 1, "github-pat")
	for range 20 { // whether the context or the next line is seen first is chance
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			in, inWriter := io.Pipe()
			outReader, out := io.Pipe()
			done := make(chan error, 1)
			var stats proxy.Stats
			go func() {
				var err error
				stats, err = logs.Copy(ctx, out, in, f, logs.Options{})
				out.Close()
				done <- err
			}()
			io.WriteString(inWriter, "one\n")
			synctest.Wait()
			io.WriteString(inWriter, "two "+secret+"\nhalf of "+secret[:20])
			synctest.Wait()
			cancel()
			got, err := io.ReadAll(outReader)
			if err != nil || !strings.HasPrefix(string(got), "one\ntwo [REDACTED:github-pat:") || !strings.HasSuffix(string(got), "]\nhalf of ") {
				t.Errorf("wrote %q, %v", got, err)
			}
			if err := <-done; !errors.Is(err, context.Canceled) || stats.Withheld != 20 {
				t.Errorf("error %v, %+v", err, stats)
			}
			in.Close() // lets the pending Read go
		})
	}
}

// TestScannerFails holds that nothing goes out when the scanner panics, as one
// that was not made by its constructor does.
func TestScannerFails(t *testing.T) {
	f := proxy.New(&scanner.Scanner{}, redact.New(), proxy.Options{})
	var out bytes.Buffer
	_, err := logs.Copy(t.Context(), &out, strings.NewReader("the content\n"), f, logs.Options{})
	if err == nil || strings.Contains(err.Error(), "content") || out.Len() > 0 {
		t.Errorf("wrote %q, error %v", out.String(), err)
	}
}
