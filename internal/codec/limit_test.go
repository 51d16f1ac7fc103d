package codec_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/stanch-dev/stanch/internal/codec"
)

// limited reads packed with limits and gives how much came out before the end.
func limited(chain codec.Chain, packed []byte, l codec.Limits) (int64, error) {
	r := chain.NewReader(bytes.NewReader(packed), l)
	defer r.Close()
	return io.Copy(io.Discard, r)
}

func TestBombs(t *testing.T) {
	zeros := make([]byte, 48<<20)
	for _, coding := range append(realCodings(), "gzip, gzip", "gzip, zstd, br") {
		chain := chainOf(t, coding)
		packed := encoded(t, chain, zeros)
		for _, ratio := range []int{0, 2, 500} {
			n, err := limited(chain, packed, codec.Limits{Ratio: ratio})
			bound := max(1<<20, int64(len(packed)*max(ratio, 200)))
			if bound > int64(len(zeros)) {
				continue // it is no bomb under this limit
			}
			var limit *codec.LimitError
			if !errors.As(err, &limit) || n > bound {
				t.Errorf("%s of %d bytes, ratio %d: %d bytes, %v", coding, len(packed), ratio, n, err)
			}
		}
		if n, err := limited(chain, packed, codec.Limits{Ratio: len(zeros)}); err != nil || n != int64(len(zeros)) {
			t.Errorf("%s, no limit in effect: %d bytes, %v", coding, n, err)
		}
	}
}

// TestNestedBomb holds that the ratio is counted against the body, not layer by layer.
func TestNestedBomb(t *testing.T) {
	body := encoded(t, chainOf(t, "zstd"), bytes.Repeat(prose(100), 1<<18))
	chain := chainOf(t, "zstd, zstd")
	packed := encoded(t, chainOf(t, "zstd"), body)
	if _, err := limited(chainOf(t, "zstd"), packed, codec.Limits{Ratio: 1000}); err != nil {
		t.Fatalf("one layer alone: %v", err)
	}
	_, err := limited(chain, packed, codec.Limits{Ratio: 1000})
	var limit *codec.LimitError
	if !errors.As(err, &limit) || limit.What != "zstd ratio" {
		t.Errorf("both: %v", err)
	}
}

func TestRatioLeavesShortBodies(t *testing.T) {
	for _, coding := range realCodings() {
		chain := chainOf(t, coding)
		if n, err := limited(chain, encoded(t, chain, make([]byte, 1<<20)), codec.Limits{Ratio: 1}); err != nil || n != 1<<20 {
			t.Errorf("%s: %d bytes, %v", coding, n, err)
		}
	}
}

func TestDepth(t *testing.T) {
	chain := chainOf(t, "gzip, gzip, gzip")
	packed := encoded(t, chain, []byte("deep"))
	for depth, ok := range map[int]bool{0: true, -1: true, 1: false, 2: false, 3: true, 4: true} {
		n, err := limited(chain, packed, codec.Limits{Depth: depth})
		var limit *codec.LimitError
		if ok && (err != nil || n != 4) || !ok && (!errors.As(err, &limit) || n != 0) {
			t.Errorf("%d: %d bytes, %v", depth, n, err)
		}
	}
}

// TestWindow has frames that want 16 MiB of history, said in both ways the format has.
func TestWindow(t *testing.T) {
	body := noise(9 << 20)
	var streamed bytes.Buffer
	w, err := zstd.NewWriter(&streamed, zstd.WithWindowSize(16<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	w.Write(body)
	w.Close()
	single, err := zstd.NewWriter(nil, zstd.WithSingleSegment(true), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	chain := chainOf(t, "zstd")
	for name, packed := range map[string][]byte{"window": streamed.Bytes(), "single segment": single.EncodeAll(body, nil)} {
		for window, ok := range map[int]bool{0: false, 1: false, 16 << 20: true} {
			n, err := limited(chain, packed, codec.Limits{Window: window})
			var limit *codec.LimitError
			if ok && (err != nil || n != int64(len(body))) || !ok && (!errors.As(err, &limit) || n != 0) {
				t.Errorf("%s, %d: %d bytes, %v", name, window, n, err)
			}
		}
	}
}
