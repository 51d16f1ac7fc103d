package codec_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stanch-dev/stanch/internal/codec"
)

// BenchmarkRecode decodes a JSON-like body and encodes it again, as the proxy does
// when it has found something.
func BenchmarkRecode(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"1KiB", 1 << 10}, {"64KiB", 64 << 10}, {"1MiB", 1 << 20}} {
		for _, coding := range realCodings() {
			chain := chainOf(b, coding)
			body := prose(size.bytes)
			packed := encoded(b, chain, body)
			b.Run("decode/"+coding+"/"+size.name, func(b *testing.B) {
				b.SetBytes(int64(size.bytes))
				b.ReportAllocs()
				for b.Loop() {
					r := chain.NewReader(bytes.NewReader(packed), codec.Limits{})
					if n, err := io.Copy(io.Discard, r); err != nil || n != int64(size.bytes) {
						b.Fatal(n, err)
					}
					r.Close()
				}
			})
			b.Run("encode/"+coding+"/"+size.name, func(b *testing.B) {
				b.SetBytes(int64(size.bytes))
				b.ReportAllocs()
				for b.Loop() {
					w := chain.NewWriter(io.Discard)
					w.Write(body)
					w.Close()
				}
				b.ReportMetric(float64(len(packed))/float64(size.bytes), "packed/byte")
			})
		}
	}
}
