package scanner

import (
	"bytes"
	"testing"

	"github.com/stanch-dev/stanch/rules"
)

// hostileTexts are made to be slow to scan.
var hostileTexts = map[string][]byte{
	"keys":          bytes.Repeat([]byte("key="), 1<<16),
	"keys and dots": bytes.Repeat([]byte("api.key.token.secret-"), 1<<14),
	"begins":        bytes.Repeat([]byte("-----BEGIN "+"PRIVATE KEY-----\n"), 1<<13),
	"curls":         bytes.Repeat([]byte("curl -H "), 1<<15),
	"one letter":    bytes.Repeat([]byte("a"), 1<<18),
	"hex":           bytes.Repeat([]byte("0123456789abcdef"), 1<<14),
	"jwt":           bytes.Repeat([]byte("eyJ"), 1<<16),
	"percents":      bytes.Repeat([]byte("%41%"), 1<<16),
	"base64":        bytes.Repeat([]byte("YWFhYWFhYWFh"), 1<<14),
	"NULs":          make([]byte, 1<<18),
	"not UTF-8":     bytes.Repeat([]byte("\xff\xc5key\xe2\x84=\x80"), 1<<15),
	"newlines":      bytes.Repeat([]byte("\n"), 1<<18),
	"kinds":         bytes.Repeat([]byte("kind: secret\ndata:\n k: "), 1<<13),
}

// work returns how many bytes the automaton read and the expressions were given,
// in one pass over text.
func work(w *worker, text []byte) (read, tried int) {
	f := &Fragment{Data: text}
	w.f, w.text = *f, text
	w.path.enter(f)
	w.runner.Reset(len(text))
	w.lookFirst()
	read = w.runner.BytesRead()
	for _, number := range w.opened {
		for _, win := range w.windows[number] {
			tried += win.end - win.start
		}
		w.windows[number] = w.windows[number][:0]
	}
	w.opened = w.opened[:0]
	w.release()
	return read, tried
}

// TestHostileText holds the work for each byte of a text to a bound, whatever the
// text. How much the expressions take for each byte they are given is bounded in
// package match.
func TestHostileText(t *testing.T) {
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(set, Options{MaxDecodeDepth: 5})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorker(s)
	for name, text := range hostileTexts {
		read, tried := work(w, text)
		if read > 128*len(text) || tried > 8*len(text) {
			t.Errorf("%s: %d bytes read and %d tried for %d", name, read, tried, len(text))
		}
		s.Scan(&Fragment{Data: text}, func(*Finding, Text) {})
	}
}

func FuzzWork(f *testing.F) {
	set, err := rules.Default()
	if err != nil {
		f.Fatal(err)
	}
	s, err := New(set, Options{MaxDecodeDepth: 5})
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range hostileTexts {
		f.Add(text[:64])
	}
	w := newWorker(s)
	f.Fuzz(func(t *testing.T, piece []byte) {
		if len(piece) == 0 || len(piece) > 256 {
			return
		}
		text := bytes.Repeat(piece, 1<<15/len(piece))
		if read, tried := work(w, text); read > 256*len(text) || tried > 32*len(text) {
			t.Errorf("%d bytes read and %d tried for %d", read, tried, len(text))
		}
	})
}
