package logs_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/logs"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// asByDefault returns a filter as stanch filter has it.
func asByDefault(b *testing.B, set *known.Set) *proxy.Filter {
	return proxy.New(motionScanner(b), redact.New(), proxy.Options{Known: set})
}

// BenchmarkCopy is to be compared with BenchmarkPlainCopy, the same without a scan.
func BenchmarkCopy(b *testing.B) {
	filter := asByDefault(b, nil)
	for name, every := range map[string]int64{"clean": 0, "secret every 10 kB": 10_000, "secret every 500 B": 500} {
		b.Run(name, func(b *testing.B) {
			text := logText(b, every)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := logs.Copy(context.Background(), io.Discard, bytes.NewReader(text), filter, logs.Options{Frames: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkKnown copies clean logs with as many known secrets as a store may have.
func BenchmarkKnown(b *testing.B) {
	set := known.NewKeys().Index(knownValues(100_000)).Set()
	if set.Len() < 99_000 { // some are refused, since by chance they could be guessed
		b.Fatalf("only %d secrets in the index", set.Len())
	}
	filter := asByDefault(b, set)
	text := logText(b, 0)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := logs.Copy(context.Background(), io.Discard, bytes.NewReader(text), filter, logs.Options{Frames: true}); err != nil {
			b.Fatal(err)
		}
	}
}

// knownValues returns random secrets of 32 letters and digits.
func knownValues(n int) []known.Value {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	random := rand.New(rand.NewPCG(7, 8))
	values := make([]known.Value, n)
	for i := range values {
		plain := make([]byte, 32)
		for k := range plain {
			plain[k] = letters[random.IntN(len(letters))]
		}
		values[i] = known.Value{Secret: known.Secret{ID: fmt.Sprintf("secret-%d", i), Version: 1}, Plain: secret.Of(plain)}
	}
	return values
}

// BenchmarkLines has one line in each read, as from a program that writes slowly.
func BenchmarkLines(b *testing.B) {
	filter := asByDefault(b, nil)
	text := logText(b, 0)[:4<<20]
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := logs.Copy(context.Background(), io.Discard, &lineReader{text}, filter, logs.Options{Frames: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlainCopy(b *testing.B) {
	text := logText(b, 0)
	buf := make([]byte, 64<<10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		src := struct{ io.Reader }{bytes.NewReader(text)}
		io.CopyBuffer(struct{ io.Writer }{io.Discard}, src, buf)
	}
}

func logText(b *testing.B, every int64) []byte {
	b.Helper()
	var text bytes.Buffer
	if err := corpus.Logs(&text, 1, 16<<20, corpus.LogOptions{Secrets: corpus.Samples(1), Every: every}); err != nil {
		b.Fatal(err)
	}
	return text.Bytes()
}

// lineReader returns one line at a time.
type lineReader struct{ text []byte }

func (r *lineReader) Read(p []byte) (int, error) {
	if len(r.text) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.text[:bytes.IndexByte(r.text, '\n')+1])
	if n == 0 {
		n = copy(p, r.text)
	}
	r.text = r.text[n:]
	return n, nil
}
