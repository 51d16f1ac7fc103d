package decode_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/scanner/internal/decode"
)

// fragmentSize is the size of the pieces that texts are scanned in.
const fragmentSize = 100_000

// sourceText returns program text of one fragment's size: this module's own.
func sourceText(tb testing.TB) (text []byte) {
	err := filepath.WalkDir(filepath.Join("..", "..", ".."), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		if len(text) > fragmentSize {
			return fs.SkipAll
		}
		data, err := os.ReadFile(path)
		text = append(text, data...)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// logText returns lines of a service's log of one fragment's size.
func logText() []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < fragmentSize; i++ {
		fmt.Fprintf(&b, "2024-03-11 09:%02d:%02d,%03d INFO  [worker-%d] c.e.app.Server: accepted 10.0.%d.%d:%d in %d ms, path=/api/v1/items/%d status=%d\n",
			i/60%60, i%60, i*37%1000, i%8, i%250, i*7%250, 1024+i*13%60000, i*11%900, i*i%10007, 200+i%5)
	}
	return b.Bytes()
}

// encodedText returns a text in which a large part is encoded.
func encodedText() []byte {
	return []byte(newGenerator(5).text(8000))[:fragmentSize]
}

func BenchmarkDecode(b *testing.B) {
	for _, text := range []struct {
		name string
		data []byte
	}{{"log", logText()}, {"source", sourceText(b)}, {"encoded", encodedText()}} {
		b.Run(text.name, func(b *testing.B) {
			var d decode.Decoder
			b.SetBytes(int64(len(text.data)))
			b.ReportAllocs()
			passes := 0
			for b.Loop() {
				d.Reset(text.data)
				for passes++; d.Next(); passes++ {
				}
			}
			b.ReportMetric(float64(passes)/float64(b.N), "passes/op")
		})
	}
}

// BenchmarkLine is one log line a call.
func BenchmarkLine(b *testing.B) {
	line, _, _ := bytes.Cut(logText(), []byte("\n"))
	var d decode.Decoder
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		d.Reset(line)
		d.Next()
	}
}

// BenchmarkOverlap asks for spans of a text with thousands of segments.
func BenchmarkOverlap(b *testing.B) {
	var d decode.Decoder
	d.Reset(encodedText())
	for d.Next() {
	}
	n := len(d.Text())
	for i := 0; b.Loop(); i = (i + 7919) % (n - 40) {
		d.Overlap(i, i+40)
	}
}
