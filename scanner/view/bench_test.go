package view_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/scanner/view"
)

// benchSize is how much text a benchmark goes through, in bytes.
const benchSize = 1 << 20

// fill returns a text made of what line returns for numbers from 0 on.
func fill(line func(i int) string) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < benchSize; i++ {
		b.WriteString(line(i))
	}
	return b.Bytes()
}

// texts are shaped like what goes through a filter.
func texts() []struct {
	name string
	data []byte
} {
	plain := func(i int) string {
		return fmt.Sprintf("2024-03-11 09:%02d:%02d,%03d INFO  [worker-%d] c.e.app.Server: accepted 10.0.%d.%d:%d in %d ms, path=/api/v1/items/%d status=%d\n",
			i/60%60, i%60, i*37%1000, i%8, i%250, i*7%250, 1024+i*13%60000, i*11%900, i*i%10007, 200+i%5)
	}
	identified := func(i int) string {
		return fmt.Sprintf("time=2024-03-11T09:%02d:%02d.%03dZ level=info request=%08x-%04x-4%03x-a%03x-%012x user=u%d@example.org path=/api/v1/users/%d/orders?page=%d&size=20 took=%dms\n",
			i/60%60, i%60, i*37%1000, uint32(i*2654435761), i%65536, i%4096, i%4096, i*7919, i%977, i%977, i%7, i*11%900)
	}
	record := func(i int) string {
		line, _ := json.Marshal(map[string]any{"ts": i, "msg": "said \"" + plain(i) + "\"", "trace": fmt.Sprintf("%032x", i*7919), "path": "/a/b?c=%20d"})
		return string(line) + "\n"
	}
	encoded := func(i int) string { return "Authorization: Basic " + b64(plain(i)) + "\n" }
	return []struct {
		name string
		data []byte
	}{{"plain", fill(plain)}, {"identified", fill(identified)}, {"json", fill(record)}, {"base64", fill(encoded)},
		{"long", []byte(strings.Repeat(b64(poem[:210]), benchSize/280))}}
}

// BenchmarkNext goes through texts in steps of a size and line by line, and through the file
// that STANCH_BENCH_TEXT names.
func BenchmarkNext(b *testing.B) {
	all := texts()
	if file := os.Getenv("STANCH_BENCH_TEXT"); file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, struct {
			name string
			data []byte
		}{"file", data})
	}
	for _, text := range all {
		for _, step := range []struct {
			name string
			size func(rest []byte) int
		}{
			{"64KiB", func(rest []byte) int { return min(len(rest), 64<<10) }},
			{"line", func(rest []byte) int { return min(bytes.IndexByte(rest, '\n')+1, len(rest)) }},
		} {
			b.Run(text.name+"/"+step.name, func(b *testing.B) { benchNext(b, text.data, step.size) })
		}
	}
}

// benchNext goes through text in steps. What lies before the position that is looked at
// stays where it is, as if it were all context.
func benchNext(b *testing.B, text []byte, step func(rest []byte) int) {
	var d view.Decoder
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	segments := 0
	for b.Loop() {
		d.Reset()
		at, arrived := 0, 0
		for arrived < len(text) {
			n := step(text[arrived:])
			if n == 0 {
				n = len(text) - arrived
			}
			arrived += n
			for {
				seg, settled, ok := d.Next(text[:arrived], at, arrived == len(text))
				at = settled
				if !ok {
					break
				}
				at = seg.End
				segments++
			}
		}
	}
	b.ReportMetric(float64(segments)/float64(b.N)/float64(len(text))*1000, "segments/kB")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(text)), "ns/byte")
}
