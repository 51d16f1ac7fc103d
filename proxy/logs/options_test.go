package logs_test

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/logs"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// lockedBuffer is a buffer that can be read while it is written: nothing orders a
// timer's writes and the test's reads.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// TestIdle holds that what might become part of a secret goes out after a pause, and
// a secret that has begun does not.
func TestIdle(t *testing.T) {
	f := filterWith(t, parse(t, "[[rules]]\nid='a'\nregex='''tok_[0-9]{4,}'''\n"))
	for _, tt := range []struct {
		idle         time.Duration
		atOnce, late string
	}{
		{0, "a ", "a "},
		{25 * time.Millisecond, "a ", "a to"},
	} {
		synctest.Test(t, func(t *testing.T) {
			in, inWriter := io.Pipe()
			var out lockedBuffer
			done := make(chan error, 1)
			go func() {
				_, err := logs.Copy(t.Context(), &out, in, f, logs.Options{Idle: tt.idle})
				done <- err
			}()
			for _, step := range []struct {
				write, atOnce, late string
			}{
				{"a to", tt.atOnce, tt.late},
				{" tok_123", "a to ", "a to "},
				{"45\n", "a to [REDACTED:a]\n", "a to [REDACTED:a]\n"},
			} {
				io.WriteString(inWriter, step.write)
				synctest.Wait()
				if out.String() != step.atOnce {
					t.Errorf("idle %v: wrote %q at once, want %q", tt.idle, out.String(), step.atOnce)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if out.String() != step.late {
					t.Errorf("idle %v: wrote %q after a pause, want %q", tt.idle, out.String(), step.late)
				}
			}
			inWriter.Close()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLineLimit(t *testing.T) {
	f := filterWith(t, parse(t, "[[rules]]\nid='a'\nregex='''tok_[0-9]{4,8}'''\n"))
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"\n\n", "\n\n"},
		{"0123456789\n", "0123456789\n"},
		{"0123456789", "0123456789"},
		{"0123456789a\nb\n", "0123456789[CUT]\nb\n"},
		{"0123456789abc", "0123456789[CUT]"},
		{"x\n0123456789abc\n0123456789abc\r\ny", "x\n0123456789[CUT]\n0123456789[CUT]\ny"},
		{"tok_1234567\ntok_1234567890\n", "[REDACTED:a][CUT]\n[REDACTED:a][CUT]\n"},
	} {
		for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
			got := copiedWith(t, f, r, logs.Options{LineLimit: 10})
			if got.Text != tt.want || got.Stats.Cut != strings.Count(tt.want, logs.CutMark) || got.Stats.Bytes != len(tt.in) {
				t.Errorf("%q became %q, want %q; %+v", tt.in, got.Text, tt.want, got.Stats)
			}
		}
	}
}

// TestShadow holds that in shadow nothing changes, not even where lines would be cut,
// and that the same is reported.
func TestShadow(t *testing.T) {
	set := parse(t, "[[rules]]\nid='a'\nregex='''tok_[0-9]{4,8}'''\n")
	text := strings.Repeat("line tok_12345 and more\n\xff\x00tok_1234", 9000)
	opts := logs.Options{LineLimit: 16}
	shadow := proxy.New(scannerOf(t, set), redact.WithKey(key), proxy.Options{Shadow: true})
	got := copiedWith(t, shadow, strings.NewReader(text), opts)
	if got.Text != text {
		t.Errorf("%d bytes became %d others", len(text), len(got.Text))
	}
	want := copiedWith(t, filterWith(t, set), strings.NewReader(text), opts)
	if len(want.Found) < 9000 {
		t.Errorf("only %d secrets found", len(want.Found))
	}
	want.Text = text
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-enforced +shadow\n%s", diff)
	}
}

// TestProgress holds that what is counted is told as it goes on.
func TestProgress(t *testing.T) {
	var told []proxy.Stats
	text := strings.Repeat("a line of text\n", 20_000)
	opts := logs.Options{Progress: func(s proxy.Stats) { told = append(told, s) }}
	got := copiedWith(t, newFilter(t), strings.NewReader(text), opts)
	if len(told) < 3 {
		t.Fatalf("told %d times", len(told))
	}
	for i := 1; i < len(told); i++ {
		if told[i].Bytes < told[i-1].Bytes || told[i].Held > 1000 {
			t.Errorf("told %+v after %+v", told[i], told[i-1])
		}
	}
	if got.Stats.Lines != 20_000 || got.Stats.Scanned != len(text) || got.Stats.Held != 0 {
		t.Errorf("counted %+v", got.Stats)
	}
}
